package io.millrace.control.consensus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The last frame of a killed member's log crosses a page, and the page behind is empty: torn, or zeros by right. */
@Timeout(120)
final class TornRecordingsTest {
    private static final int PAGE = 4096;
    private static final int HEADER = 32;
    private static final int FRAME_ALIGNMENT = 32;
    private static final byte WHOLE_MESSAGE = (byte) 0xC0;
    private static final short DATA = 1;
    private static final short PADDING = 0;

    @Test
    void shouldStartBehindAKillThatToreTheLastFrameAtAPage(@TempDir final Path root) throws IOException {
        assertTrue(startsBehind(root, false) > 0, "the torn frame is still there");
    }

    @Test
    void shouldKeepALastFrameThatIsWholeAndEndsInZerosBehindAPage(@TempDir final Path root) throws IOException {
        assertEquals(0, startsBehind(root, true), "a frame that may have been promised was cut off");
    }

    @Test
    void shouldLeaveOtherRefusalsAlone(@TempDir final Path root) {
        assertFalse(TornRecordings.repair(root, new IllegalStateException("no space"), warning -> {}));
    }

    @Test
    void shouldComputeWhatTheJdkComputes() {
        final ByteBuffer bytes = ByteBuffer.allocateDirect(200);
        for (int i = 0; i < bytes.capacity(); i++) {
            bytes.put(i, (byte) (i * 31));
        }
        final CRC32C crc = new CRC32C();
        crc.update(bytes.slice(40, 100));
        assertEquals((int) crc.getValue(), new FrameChecksum().compute(BufferUtil.address(bytes), 40, 100));
    }

    /** Returns how many bytes of the frame are gone when the member leads again with what it had answered. */
    private static int startsBehind(final Path root, final boolean isWhole) throws IOException {
        final GroupBed bed = new GroupBed(root, 1, GroupBed.STILL);
        try (GroupNode node = new GroupNode(bed.ownDriverContext(GroupNode.ID))) {
            MemberProcess member = new MemberProcess(root, 0, bed.endpoints());
            try {
                member.awaitLeads();
                node.setUp();
                node.askDone(node.createStream(10, "stream", 1));
                member.kill();
                final Path log = root.resolve("member-0/archive/0-0.rec");
                final int at = appendAcrossAPage(log, isWhole);

                member = new MemberProcess(root, 0, bed.endpoints());
                member.awaitLeads();

                node.askDone(node.createStream(10, "stream", 1));
                assertEquals(List.of(), bed.errors);
                final ByteBuffer frame =
                        ByteBuffer.wrap(Files.readAllBytes(log)).order(ByteOrder.LITTLE_ENDIAN);
                return frame.getShort(at + HEADER + 2) == (short) 60_000 ? 0 : 1;
            } finally {
                member.close();
            }
        }
    }

    /** Appends a frame whose message ends in zeros behind a page; with its checksum, or as if torn with another one. */
    private static int appendAcrossAPage(final Path log, final boolean isWhole) throws IOException {
        final byte[] file = Files.readAllBytes(log);
        final UnsafeBuffer bytes = new UnsafeBuffer(file);
        int end = 0;
        while (bytes.getInt(end) > 0) {
            end += BitUtil.align(bytes.getInt(end), FRAME_ALIGNMENT);
        }
        final int page = BitUtil.align(end + PAGE, PAGE);
        final int at = page - 2 * HEADER;
        putFrame(bytes, end, at - end, PADDING);
        putFrame(bytes, at, 4 * HEADER, DATA);
        bytes.putShort(at + HEADER + 2, (short) 60_000); // a message that no version of the control plane knows
        bytes.putShort(at + HEADER + 4, (short) 111);
        final CRC32C crc = new CRC32C();
        crc.update(file, at + HEADER, 3 * HEADER);
        bytes.putInt(at + 12, (int) crc.getValue() + (isWhole ? 0 : 1));
        Files.write(log, file);
        return at;
    }

    private static void putFrame(final UnsafeBuffer bytes, final int at, final int length, final short type) {
        bytes.setMemory(at, length, (byte) 0);
        bytes.putInt(at, length);
        bytes.putByte(at + 5, WHOLE_MESSAGE);
        bytes.putShort(at + 6, type);
        bytes.putInt(at + 8, at);
        bytes.putInt(at + 12, bytes.getInt(12));
        bytes.putInt(at + 16, bytes.getInt(16));
        bytes.putInt(at + 20, bytes.getInt(20));
    }
}
