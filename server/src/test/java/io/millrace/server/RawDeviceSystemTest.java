package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.codec.ErrorCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node whose journal is a raw block device, by the command line an operator uses. */
@Timeout(180)
final class RawDeviceSystemTest {
    private static final String STREAM = "raw/events";

    @Test
    void shouldKeepEverythingOnARawDeviceWhenKilled() throws Exception {
        try (LoopDevice loop = LoopDevice.attach(96L << 20);
                NodeProcess node = NodeProcess.create().with("journal.path=" + loop.path())) {
            final CliProcess cli = new CliProcess(node.directory(), "none");
            node.refusedStart().assertIs(5, ErrorCode.DEVICE_NOT_FOUND.id());
            final Map<String, String> made =
                    cli.run(format(node, loop.path())).assertDone().json();
            assertTrue(Long.parseLong(String.valueOf(made.get("bytes"))) > 90L << 20, made::toString);
            cli.run(format(node, loop.path())).assertRefused(ErrorCode.DEVICE_NOT_EMPTY);
            node.start();
            assertEquals("false", node.ready("formatted"));
            assertEquals("block", node.ready("kind"));
            assertEquals(loop.path(), node.ready("disk"));
            try (Millrace millrace = NodeSystemTest.connect(node)) {
                millrace.streams().createStream(STREAM, StreamConfiguration.fixed(2));
                NodeSystemTest.appendAll(millrace, STREAM, 500, 100);
            }
            final CliProcess.Outcome kept =
                    cli.run(format(node, loop.path(), "--overwrite")).assertRefused(ErrorCode.DEVICE_NOT_EMPTY);
            assertTrue(
                    String.valueOf(kept.json().get("error.message")).contains("if it may go, remove"), kept::toString);
            node.kill();
            node.start();
            try (Millrace millrace = NodeSystemTest.connect(node)) {
                assertEquals(500, NodeSystemTest.readTexts(millrace, STREAM).size());
            }
            assertEquals(0, node.terminate(), node::errorText);
            cli.run("journal", "verify", loop.path()).assertDone();
            assertTrue(cli.run("journal", "dump", loop.path())
                    .assertDone()
                    .output()
                    .contains("batch 1 at"));
            cli.run(
                            "hw",
                            "calibrate",
                            "--seconds",
                            "1",
                            "--data",
                            node.data().toString(),
                            "--set",
                            "journal.path=" + loop.path())
                    .assertDone();
            node.start();
            assertEquals("true", node.ready("calibrated"));
            try (Millrace millrace = NodeSystemTest.connect(node)) {
                assertEquals(500, NodeSystemTest.readTexts(millrace, STREAM).size());
            }
        }
    }

    @Test
    void shouldRefuseAMountedAnExchangedAndAMissingDevice() throws Exception {
        try (LoopDevice loop = LoopDevice.attach(96L << 20);
                LoopDevice other = LoopDevice.attach(96L << 20);
                NodeProcess node = NodeProcess.create();
                NodeProcess second = NodeProcess.create()) {
            final CliProcess cli = new CliProcess(node.directory(), "none");
            assertTrue(LoopDevice.run("mkfs.ext4", "-q", loop.path()));
            cli.run(format(node, loop.path())).assertRefused(ErrorCode.DEVICE_FOREIGN);
            node.refusedStart("--format", "--set", "journal.path=" + loop.path())
                    .assertIs(5, ErrorCode.DEVICE_FOREIGN.id());
            final Path mount = Files.createDirectory(node.directory().resolve("mount"));
            assertTrue(LoopDevice.run("mount", loop.path(), mount.toString()));
            try {
                cli.run(format(node, loop.path(), "--overwrite")).assertRefused(ErrorCode.DEVICE_IN_USE);
            } finally {
                assertTrue(LoopDevice.run("umount", mount.toString()));
            }
            cli.run(format(node, loop.path(), "--overwrite")).assertDone();
            cli.run(format(second, other.path())).assertDone();
            node.refusedStart("--set", "journal.path=" + other.path()).assertIs(5, ErrorCode.DEVICE_EXCHANGED.id());
            node.refusedStart("--set", "journal.path=/dev/millrace-none").assertIs(5, ErrorCode.DEVICE_NOT_FOUND.id());
            node.refusedStart("--set", "journal.path=serial:none-such").assertIs(5, ErrorCode.DEVICE_NOT_FOUND.id());
            cli.run(format(second, "/dev/millrace-none")).assertRefused(ErrorCode.DEVICE_NOT_FOUND);
            node.start("--set", "journal.path=" + loop.path());
        }
    }

    private static String[] format(final NodeProcess node, final String device, final String... more) {
        final String[] command = {
            "journal",
            "format",
            "--data",
            node.data().toString(),
            "--set",
            "journal.path=" + device,
            "--set",
            "journal.zone-size=4MiB",
            "--output",
            "json"
        };
        final String[] all = java.util.Arrays.copyOf(command, command.length + more.length);
        System.arraycopy(more, 0, all, command.length, more.length);
        return all;
    }
}
