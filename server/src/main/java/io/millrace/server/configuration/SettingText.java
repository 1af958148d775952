package io.millrace.server.configuration;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;

/** Reads the text of a value by the kind of its setting. <b>Threading:</b> pure. */
final class SettingText {
    private static final String AUTO_TEXT = "auto";
    private static final String NAME_PATTERN = "[A-Za-z0-9._-]{1,255}";
    private static final int MAX_PORT = 65535;
    private static final int MOST_PATHS = 64;
    private static final int MOST_MEMBERS = 7;

    /** Ingress, consensus, log, catch-up, archive. */
    private static final int PORTS_PER_MEMBER = 5;

    private SettingText() {}

    /**
     * Reads a value.
     *
     * @param setting whose kind and range count.
     * @param text as in the file, without quotes.
     * @return a Long (bytes, nanoseconds, count or {@link NodeConfiguration#AUTO}) or a String.
     * @throws IllegalArgumentException with the reason, for a message.
     */
    static Object parse(final Setting setting, final String text) {
        return switch (setting.kind()) {
            case COUNT -> inRange(setting, parseCount(text), text);
            case SIZE ->
                isAuto(setting, text)
                        ? Long.valueOf(NodeConfiguration.AUTO)
                        : inRange(setting, Units.parseSize(text), text);
            case DURATION -> inRange(setting, Units.parseDuration(text), text);
            case NAME -> name(text);
            case PATH -> path(text);
            case PATHS -> paths(text);
            case CPUS -> cpus(text);
            case ENDPOINT -> endpoint(text);
            case ENDPOINT_OR_OFF -> NodeConfiguration.OFF.equals(text) ? text : endpoint(text);
            case ENDPOINT_OR_AUTO -> AUTO_TEXT.equals(text) ? text : endpoint(text);
            case ENDPOINTS -> endpoints(text);
            case CHOICE -> choice(setting, text);
        };
    }

    private static boolean isAuto(final Setting setting, final String text) {
        return AUTO_TEXT.equals(setting.defaultText()) && AUTO_TEXT.equals(text);
    }

    private static long parseCount(final String text) {
        try {
            return Long.parseLong(text.strip());
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException("expected a whole number, found \"" + text + '"', e);
        }
    }

    private static Long inRange(final Setting setting, final long value, final String text) {
        if (value < setting.least() || value > setting.most()) {
            throw new IllegalArgumentException(text + " is not in its range, " + setting.range());
        }
        return value;
    }

    private static String name(final String text) {
        if (!text.matches(NAME_PATTERN)) {
            throw new IllegalArgumentException("expected 1 to 255 of A-Z a-z 0-9 . _ -, found \"" + text + '"');
        }
        return text;
    }

    private static String path(final String text) {
        return text.isEmpty() ? text : Path.of(text).toString();
    }

    private static String paths(final String text) {
        if (text.isEmpty()) {
            return text;
        }
        final Set<String> paths = new LinkedHashSet<>();
        for (final String part : text.split(",", -1)) {
            if (part.isBlank()) {
                throw new IllegalArgumentException("an empty path in \"" + text + '"');
            }
            if (!paths.add(Path.of(part.strip()).normalize().toString())) {
                throw new IllegalArgumentException(part.strip() + " stands twice in \"" + text + '"');
            }
        }
        if (paths.size() < 2 || paths.size() > MOST_PATHS) {
            throw new IllegalArgumentException(
                    "expected 2 to " + MOST_PATHS + " paths, found " + paths.size() + "; a single one is journal.path");
        }
        return String.join(",", paths);
    }

    private static String cpus(final String text) {
        final String plain = text.strip();
        return CpuList.AUTO.equals(plain) || CpuList.NONE.equals(plain) ? plain : CpuList.text(CpuList.parse(plain));
    }

    private static String endpoint(final String text) {
        final int colon = text.lastIndexOf(':');
        final String port = text.substring(colon + 1);
        if (colon <= 0 || !port.matches("[0-9]{1,5}") || Integer.parseInt(port) > MAX_PORT) {
            throw new IllegalArgumentException("expected host:port, found \"" + text + '"');
        }
        return text;
    }

    private static String endpoints(final String text) {
        if (text.isEmpty()) {
            return text;
        }
        final Set<String> endpoints = new LinkedHashSet<>();
        for (final String part : text.split(",", -1)) {
            final String endpoint = endpoint(part.strip());
            final int port = Integer.parseInt(endpoint.substring(endpoint.lastIndexOf(':') + 1));
            if (port == 0 || port + PORTS_PER_MEMBER - 1 > MAX_PORT) {
                throw new IllegalArgumentException(endpoint + ": expected a port from 1 to "
                        + (MAX_PORT - PORTS_PER_MEMBER + 1) + ", the member uses the four above it, too");
            }
            if (!endpoints.add(endpoint)) {
                throw new IllegalArgumentException(endpoint + " stands twice in \"" + text + '"');
            }
        }
        if (endpoints.size() % 2 == 0 || endpoints.size() > MOST_MEMBERS) {
            throw new IllegalArgumentException("expected 1, 3, 5 or 7 members, found " + endpoints.size()
                    + ": an even one more has to agree, and bears no further failure");
        }
        return String.join(",", endpoints);
    }

    private static String choice(final Setting setting, final String text) {
        if (!setting.choices().contains(text)) {
            throw new IllegalArgumentException("expected one of " + setting.range() + ", found \"" + text + '"');
        }
        return text;
    }
}
