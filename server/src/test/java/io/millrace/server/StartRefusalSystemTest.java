package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.codec.ErrorCode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Starts that must be refused: a code, the exit code of its kind, and nothing harmed. */
@Timeout(60)
final class StartRefusalSystemTest {
    private static final int CAPABILITY_IPC_LOCK = 14;

    @Test
    void shouldRefuseWhenThePortIsInUse() throws Exception {
        try (DatagramSocket taken = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                NodeProcess node = NodeProcess.create().listen("127.0.0.1:" + taken.getLocalPort())) {
            assertRefused(node, ErrorCode.PORT_IN_USE);
            node.listen("127.0.0.1:0").start();
        }
    }

    @Test
    void shouldRefuseAndFormatNothingWhenThePortOfHttpIsInUse() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                NodeProcess node = NodeProcess.create().with("http.endpoint=127.0.0.1:" + taken.getLocalPort())) {
            assertRefused(node, ErrorCode.PORT_IN_USE);
            assertTrue(Files.notExists(node.journal()), "the port is asked for before the journal is made");
            node.with("http.endpoint=127.0.0.1:0").start();
            assertEquals(0, node.terminate(), node::errorText);
            assertRefused(node.with("http.endpoint=127.0.0.1:" + taken.getLocalPort()), ErrorCode.PORT_IN_USE);
            node.with("http.endpoint=127.0.0.1:0").start();
        }
    }

    @Test
    void shouldNameTheLockWhenTheRunningNodeHasThePortOfHttpAsWell() {
        try (NodeProcess node = NodeProcess.started();
                NodeProcess second = NodeProcess.create().onDataOf(node)) {
            assertRefused(second.with("http.endpoint=" + node.ready("http")), ErrorCode.DEVICE_LOCKED);
        }
    }

    @Test
    void shouldRefuseWhenTheDeviceIsOfAnotherNodeOrDamaged() throws Exception {
        try (NodeProcess node = NodeProcess.started()) {
            assertEquals(0, node.terminate(), node::errorText);
            assertRefused(node.with("node.name=stranger"), ErrorCode.DEVICE_OTHER_NODE);
            node.with("node.name=node-1");
            final byte[] superblocks = new byte[64 * 1024];
            final long length = Files.size(node.journal());
            try (RandomAccessFile file = new RandomAccessFile(node.journal().toFile(), "rw")) {
                file.readFully(superblocks);
                file.seek(0);
                file.write(new byte[superblocks.length]);
            }
            assertRefused(node, ErrorCode.SUPERBLOCK_BAD);
            try (RandomAccessFile file = new RandomAccessFile(node.journal().toFile(), "rw")) {
                file.write(superblocks);
                file.setLength(length / 2);
            }
            assertRefused(node, ErrorCode.DEVICE_TOO_SMALL);
        }
    }

    @Test
    void shouldRefuseAndDisturbNobodyWhenTheDeviceIsLockedByARunningNode() {
        try (NodeProcess node = NodeProcess.started();
                NodeProcess second = NodeProcess.create().with("journal.path=" + node.journal());
                NodeProcess third = NodeProcess.create().onDataOf(node)) {
            assertRefused(second, ErrorCode.DEVICE_LOCKED);
            assertRefused(third, ErrorCode.DEVICE_LOCKED);
            try (Millrace millrace = NodeSystemTest.connect(node)) {
                millrace.streams().createStream("a/b", StreamConfiguration.fixed(1));
                NodeSystemTest.appendAll(millrace, "a/b", 3, 10);
                assertEquals(3, NodeSystemTest.readTexts(millrace, "a/b").size());
            }
        }
    }

    @Test
    void shouldRefuseAndLeaveNoFileWhenTheDiskIsTooSmallToFormat() {
        try (NodeProcess node = NodeProcess.create().with("journal.size=16TiB").with("journal.zone-size=1GiB")) {
            assertRefused(node, ErrorCode.DISK_FULL);
            assertTrue(Files.notExists(node.journal()), "nothing half formatted is left");
        }
    }

    @Test
    void shouldRefuseAsWrongUsageWhenASettingIsUnknown() {
        try (NodeProcess node = NodeProcess.create().with("journal.sise=1GiB")) {
            final NodeProcess.Refusal refusal = node.refusedStart();
            refusal.assertIs(2, ErrorCode.CONFIGURATION_UNKNOWN_KEY.id());
            assertTrue(refusal.errorText().contains("journal.size"), "the nearest name: " + refusal);
            assertTrue(Files.notExists(Path.of(node.data().toString(), "journal.millrace")));
        }
    }

    @Test
    void shouldRefuseAndNameTheCommandThatMendsItWhenTheLimitOfLockedMemoryIsTooSmall() throws Exception {
        final List<String> dropped = List.of("setpriv", "--bounding-set", "-ipc_lock", "--inh-caps", "-ipc_lock");
        final boolean privileged = mayLockAnything();
        assumeTrue(
                !privileged || succeeds(dropped, "true"),
                "this user may lock any memory (CAP_IPC_LOCK), and setpriv cannot take that away");
        final List<String> unprivileged = privileged ? dropped : List.of();
        try (NodeProcess node = NodeProcess.create()) {
            node.launchedBy(limited(unprivileged, "64"));
            final NodeProcess.Refusal refusal = node.refusedStart();
            refusal.assertIs(ErrorCode.MEMLOCK_TOO_SMALL.exitCode(), ErrorCode.MEMLOCK_TOO_SMALL.id());
            assertTrue(refusal.errorText().contains("64.0 KiB"), "the value seen: " + refusal);
            assertTrue(Files.notExists(node.data()), "nothing is made before the limits suffice");
            assertTrue(refusal.errorText().contains("run 'ulimit -l "), "the command that mends it: " + refusal);
        }
    }

    private static String[] limited(final List<String> unprivileged, final String kibibytes) {
        final List<String> command = new ArrayList<>(unprivileged);
        command.addAll(List.of("sh", "-c", "ulimit -l " + kibibytes + " && exec \"$@\"", "sh"));
        return command.toArray(String[]::new);
    }

    private static boolean mayLockAnything() throws IOException {
        final long capabilities = Files.readString(Path.of("/proc/self/status"))
                .lines()
                .filter(line -> line.startsWith("CapEff:"))
                .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
                .findFirst()
                .orElse(0);
        return (capabilities >>> CAPABILITY_IPC_LOCK & 1) == 1;
    }

    private static boolean succeeds(final List<String> command, final String last) throws InterruptedException {
        final List<String> all = new ArrayList<>(command);
        all.add(last);
        try {
            return new ProcessBuilder(all).start().waitFor() == 0;
        } catch (final IOException e) {
            return false; // not installed
        }
    }

    private static void assertRefused(final NodeProcess node, final ErrorCode code) {
        node.refusedStart().assertIs(code.exitCode(), code.id());
    }
}
