package io.millrace.server.http;

import io.millrace.server.json.JsonWriter;
import java.util.List;

/** Writes health as JSON. <b>Threading</b>: pure. */
final class HealthText {
    private HealthText() {}

    /**
     * Writes an answer.
     *
     * @param name of the question: live or ready.
     * @param reasons against it.
     * @param warnings of the host.
     * @return one object.
     */
    static String of(final String name, final List<Health.Reason> reasons, final List<String> warnings) {
        final StringBuilder text = new StringBuilder();
        final JsonWriter json = new JsonWriter(text)
                .beginObject()
                .field(name, reasons.isEmpty())
                .name("reasons")
                .beginArray();
        for (final Health.Reason reason : reasons) {
            json.beginObject()
                    .field("reason", reason.name())
                    .field("code", reason.code().id())
                    .field("message", reason.message())
                    .end();
        }
        json.end().name("warnings").beginArray();
        warnings.forEach(json::value);
        json.end().end();
        return text.toString();
    }
}
