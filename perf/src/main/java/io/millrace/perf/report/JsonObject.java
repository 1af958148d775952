package io.millrace.perf.report;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One JSON object, written in the order its fields were put. Only what results need: no reader.
 *
 * <p><b>Threading:</b> one thread.
 */
public final class JsonObject {
    private final Map<String, String> fields = new LinkedHashMap<>();

    /**
     * Puts a text.
     *
     * @param name of the field.
     * @param value any text; escaped here.
     * @return this.
     */
    public JsonObject put(final String name, final String value) {
        fields.put(name, quote(value));
        return this;
    }

    /**
     * Puts a whole number.
     *
     * @param name of the field.
     * @param value the number.
     * @return this.
     */
    public JsonObject put(final String name, final long value) {
        fields.put(name, Long.toString(value));
        return this;
    }

    /**
     * Puts a number with at most three decimals; what is not a number is null.
     *
     * @param name of the field.
     * @param value the number.
     * @return this.
     */
    public JsonObject put(final String name, final double value) {
        fields.put(name, number(value));
        return this;
    }

    /**
     * Puts true or false.
     *
     * @param name of the field.
     * @param value the truth.
     * @return this.
     */
    public JsonObject put(final String name, final boolean value) {
        fields.put(name, Boolean.toString(value));
        return this;
    }

    /**
     * Puts an object.
     *
     * @param name of the field.
     * @param value a finished object: later changes to it do not show.
     * @return this.
     */
    public JsonObject put(final String name, final JsonObject value) {
        fields.put(name, value.toString());
        return this;
    }

    /**
     * Puts the fields of another object, in its order.
     *
     * @param other a finished object: later changes to it do not show.
     * @return this.
     */
    public JsonObject putAll(final JsonObject other) {
        fields.putAll(other.fields);
        return this;
    }

    /**
     * Puts objects.
     *
     * @param name of the field.
     * @param values finished objects, in their order.
     * @return this.
     */
    public JsonObject put(final String name, final List<JsonObject> values) {
        final StringBuilder array = new StringBuilder("[");
        for (final JsonObject value : values) {
            array.append(array.length() == 1 ? "" : ",").append(value);
        }
        fields.put(name, array.append(']').toString());
        return this;
    }

    /**
     * Puts numbers.
     *
     * @param name of the field.
     * @param values the numbers; what is not a number is null.
     * @return this.
     */
    public JsonObject putNumbers(final String name, final double... values) {
        final StringBuilder array = new StringBuilder("[");
        for (final double value : values) {
            array.append(array.length() == 1 ? "" : ",").append(number(value));
        }
        fields.put(name, array.append(']').toString());
        return this;
    }

    /**
     * Puts nothing, where there is nothing to tell.
     *
     * @param name of the field.
     * @return this.
     */
    public JsonObject putNull(final String name) {
        fields.put(name, "null");
        return this;
    }

    /** The object as one line of JSON. */
    @Override
    public String toString() {
        final StringBuilder out = new StringBuilder("{");
        final Iterator<Map.Entry<String, String>> entries = fields.entrySet().iterator();
        while (entries.hasNext()) {
            final Map.Entry<String, String> field = entries.next();
            out.append(quote(field.getKey())).append(':').append(field.getValue());
            if (entries.hasNext()) {
                out.append(',');
            }
        }
        return out.append('}').toString();
    }

    private static String number(final double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return "null";
        }
        final long thousandths = Math.round(value * 1000);
        final long fraction = Math.abs(thousandths % 1000);
        final String whole = (thousandths < 0 && thousandths > -1000 ? "-" : "") + thousandths / 1000;
        if (fraction == 0) {
            return whole;
        }
        return whole + "." + Long.toString(1000 + fraction).substring(1).replaceAll("0+$", "");
    }

    private static String quote(final String text) {
        final StringBuilder out = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append("\\u").append(Integer.toHexString(0x10000 | c).substring(1));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
