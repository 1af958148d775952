package io.millrace.server.configuration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists of CPUs and of paths, as an operator writes them. */
@Timeout(20)
final class CpuListTest {
    @Test
    void shouldKeepTheOrderWhenRangesAndNumbersAreGiven() {
        assertEquals(List.of(2, 3, 4, 5, 8), CpuList.parse("2-5,8"));
        assertEquals(List.of(8, 0), CpuList.parse(" 8 , 0 "));
        assertEquals("2-5,8", CpuList.text(List.of(2, 3, 4, 5, 8)));
        assertEquals("8,0", CpuList.text(List.of(8, 0)));
        assertEquals("", CpuList.text(List.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",", "1,", "a", "5-2", "1-", "-1", "1,1", "0-3,2", "99999", "1-99999", "1;2"})
    void shouldRefuseWhenItIsNoListOfCpus(final String text) {
        assertThrows(IllegalArgumentException.class, () -> CpuList.parse(text));
        final MillraceException refused = assertThrows(
                MillraceException.class, () -> NodeConfiguration.builder().set("cpus", text, "test"));
        assertEquals(ErrorCode.CONFIGURATION_VALUE, refused.code());
    }

    @Test
    void shouldNameEveryDeviceWhenSeveralPathsAreGiven() {
        final NodeConfiguration several = NodeConfiguration.builder()
                .set("journal.paths", "/a/x, /b/../b/y", "test")
                .set("listen.endpoint", "127.0.0.1:9000", "test")
                .conclude();
        assertEquals(List.of(java.nio.file.Path.of("/a/x"), java.nio.file.Path.of("/b/y")), several.journalPaths());
        assertEquals("127.0.0.1:9000", several.listenEndpoint(0));
        assertEquals("127.0.0.1:9001", several.listenEndpoint(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/only", "/a,", "/a,/a", "/a,/b/../a"})
    void shouldRefuseWhenPathsAreNotSeveralDifferentOnes(final String text) {
        assertThrows(MillraceException.class, () -> NodeConfiguration.builder().set("journal.paths", text, "test"));
    }

    @Test
    void shouldRefuseWhatContradictsSeveralDevices() {
        assertConflict("journal.path", "/c");
        assertConflict("threading", "single");
        assertConflict("chains", "1");
        assertConflict("listen.endpoint", "127.0.0.1:65535");
    }

    private static void assertConflict(final String key, final String value) {
        final MillraceException refused = assertThrows(MillraceException.class, () -> NodeConfiguration.builder()
                .set("journal.paths", "/a,/b", "test")
                .set(key, value, "test")
                .conclude());
        assertEquals(ErrorCode.CONFIGURATION_CONFLICT, refused.code(), refused::getMessage);
        assertTrue(String.valueOf(refused.getMessage()).contains(key), refused::getMessage);
    }
}
