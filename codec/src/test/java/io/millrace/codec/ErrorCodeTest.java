package io.millrace.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.wire.RefusalCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Codes are stable: numbers rise, refusals of the wire have the same names and numbers, the document is true. */
@Timeout(10)
final class ErrorCodeTest {
    @Test
    void shouldHaveTheSameNameAndNumberWhenCodeIsARefusal() {
        int refusals = 0;
        for (final RefusalCode refusal : RefusalCode.values()) {
            if (refusal != RefusalCode.NULL_VAL) {
                assertEquals(refusal.name(), ErrorCode.of(refusal).name());
                assertEquals(refusal.value(), ErrorCode.of(refusal).number());
                refusals++;
            }
        }
        int codes = 0;
        for (final ErrorCode code : ErrorCode.values()) {
            codes += code.number() > 1000 && code.number() < 5000 ? 1 : 0;
        }
        assertEquals(refusals, codes, "every code of 1001 to 4999 can be sent");
    }

    @Test
    void shouldRiseInNumberWhenDeclaredLater() {
        int last = 0;
        for (final ErrorCode code : ErrorCode.values()) {
            assertTrue(code.number() > last, code.id());
            last = code.number();
            assertTrue(code.number() >= 1000 && code.number() < 9000, code.id());
            assertTrue(code.exitCode() >= 1 && code.exitCode() <= 5, code.id());
            assertFalse(code.summary().isBlank() || code.summary().endsWith("."), code.id());
            assertFalse(code.remedy().isBlank(), code.id());
            assertEquals("MR-" + code.number(), code.id());
        }
    }

    @Test
    void shouldFindCodeWhenNumberIsKnown() {
        for (final ErrorCode code : ErrorCode.values()) {
            assertSame(code, ErrorCode.of(code.number()));
        }
        assertSame(ErrorCode.UNKNOWN, ErrorCode.of(0));
        assertSame(ErrorCode.UNKNOWN, ErrorCode.of(1999));
        assertSame(ErrorCode.UNKNOWN, ErrorCode.of(65535));
    }

    @Test
    void shouldBeginMessageWithCodeWhenThrown() {
        final MillraceException e = new MillraceException(ErrorCode.DEVICE_LOCKED, "/x/journal");
        assertEquals("MR-6004: /x/journal", e.getMessage());
        assertSame(ErrorCode.DEVICE_LOCKED, e.code());
    }

    @Test
    void shouldAgreeWithDocumentWhenCodesAreListed() throws IOException {
        final Path path = Path.of(System.getProperty("millrace.root"), "docs/errors.md");
        final String expected = document();
        if (Boolean.getBoolean("millrace.update-docs")) {
            Files.createDirectories(path.resolve("..").normalize());
            Files.writeString(path, expected);
        }
        assertEquals(expected, Files.readString(path), "rewrite it: mvn -pl codec test -Dmillrace.update-docs=true");
    }

    private static String document() {
        final StringBuilder out = new StringBuilder("""
                # Errors

                Every error that a user can meet has a code that never changes its meaning. Messages begin with it; the same number
                stands in a refusal on the wire (1000 to 4999), in `MillraceException.code()` and in the JSON of the command line.
                A command that ends with an error exits with the number in the column *exit*: 1 failed, 2 usage, 3 unreachable,
                4 refused by authorization, 5 not found or conflict (0 is success).

                This file is written from `io.millrace.codec.ErrorCode` by
                `mvn -pl codec -am test -Dmillrace.update-docs=true`; a test fails when it differs.
                """);
        int section = 0;
        for (final ErrorCode code : ErrorCode.values()) {
            if (code.number() / 1000 != section) {
                section = code.number() / 1000;
                out.append("\n## ").append(title(section)).append("\n\n");
                out.append("| code | exit | name | what happened | what to do |\n|---|---|---|---|---|\n");
            }
            out.append("| ").append(code.id()).append(" | ").append(code.exitCode());
            out.append(" | `").append(code.name()).append("` | ").append(cell(code.summary()));
            out.append(" | ").append(cell(code.remedy())).append(" |\n");
        }
        return out.toString();
    }

    private static String cell(final String text) {
        return text.replace("|", "\\|").replace("<", "&lt;");
    }

    private static String title(final int section) {
        return switch (section) {
            case 1 -> "1xxx: session and protocol";
            case 2 -> "2xxx: scopes and streams";
            case 3 -> "3xxx: writing and reading";
            case 4 -> "4xxx: the node's storage, as a client sees it";
            case 5 -> "5xxx: host and start-up";
            case 6 -> "6xxx: journal and device";
            case 7 -> "7xxx: configuration";
            default -> "8xxx: client and command line";
        };
    }
}
