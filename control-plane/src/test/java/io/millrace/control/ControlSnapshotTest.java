package io.millrace.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import io.millrace.codec.control.MessageHeaderDecoder;
import io.millrace.codec.control.MessageHeaderEncoder;
import io.millrace.codec.control.NodeStartedEncoder;
import io.millrace.codec.control.SnapshotBeginDecoder;
import io.millrace.codec.wire.StreamState;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Snapshots by example: what is kept, and what is refused with which words. */
@Timeout(30)
final class ControlSnapshotTest {
    private static final int BLOCK = SnapshotWriter.LENGTH_LENGTH + MessageHeaderDecoder.ENCODED_LENGTH;

    @Test
    void shouldKeepEverythingWhenStreamsAreInAllStates() {
        final StateBed bed = StateBed.started(StateBed.SMALL, 2);
        bed.request(1, RequestFrames.createStream(1, "s", "sealed", 2, true, "note"));
        bed.allDone();
        bed.request(1, RequestFrames.sealStream(2, "s", "sealed"));
        bed.done(bed.pending.get(1), 77);
        bed.request(1, RequestFrames.createStream(3, "s", "creating", 3, true, ""));
        bed.done(bed.pending.get(2));
        bed.request(1, RequestFrames.truncateStream(4, 1, "s", "sealed", 5, 6));

        final ControlState restored = restore(StateBed.SMALL, ControlSnapshotPropertyTest.encode(bed.state));
        assertEquals(bed.state.stateHash(), restored.stateHash());
        assertEquals(2, restored.chainCount());
        assertEquals(2, restored.streamCount());
        assertEquals(5, restored.segmentCount());
        assertEquals(3, restored.openRequestCount());
        assertEquals(bed.pending.size(), restored.pendingEffectCount());
        final Stream sealed = Objects.requireNonNull(restored.findStream("s", "sealed"));
        assertEquals(StreamState.SEALING, sealed.state());
        assertEquals(1_000, sealed.createdNs());
        assertEquals("note", new String(sealed.header(), StandardCharsets.UTF_8));
        assertEquals(
                List.of(-1L, 77L),
                Arrays.stream(sealed.segments()).map(Segment::finalLength).toList());
        assertEquals(
                List.of(5L, 6L),
                Arrays.stream(sealed.segments()).map(Segment::startOffset).toList());
        assertEquals(
                StreamState.CREATING,
                Objects.requireNonNull(restored.findStream("s", "creating")).state());
    }

    @Test
    void shouldRefuseWhenASnapshotMessageStandsInChain0() {
        final StateBed bed = StateBed.started(StateBed.SMALL, 1);
        bed.request(1, RequestFrames.createStream(1, "s", "t", 1, true, ""));
        for (final byte[] message : ControlSnapshotPropertyTest.split(ControlSnapshotPropertyTest.encode(bed.state))) {
            final byte[] body = Arrays.copyOfRange(message, SnapshotWriter.LENGTH_LENGTH, message.length);
            final IllegalStateException thrown = assertThrows(IllegalStateException.class, () -> bed.apply(body));
            assertEquals("chain 0 holds a command that is of an unknown kind", thrown.getMessage());
        }
    }

    @Test
    void shouldRefuseWhenStateHasSeenCommands() {
        final StateBed bed = StateBed.started(StateBed.SMALL, 1);
        final byte[] snapshot = ControlSnapshotPropertyTest.encode(bed.state);
        assertThrows(IllegalStateException.class, () -> ControlSnapshotPropertyTest.restore(bed.state, snapshot));
    }

    @Test
    void shouldRefuseWhenVersionIsUnknown() {
        final byte[] snapshot = ControlSnapshotPropertyTest.encode(new ControlState(StateBed.SMALL));
        new UnsafeBuffer(snapshot)
                .putInt(
                        BLOCK + SnapshotBeginDecoder.snapshotVersionEncodingOffset(),
                        SnapshotWriter.VERSION + 1,
                        ByteOrder.LITTLE_ENDIAN);
        final MillraceException thrown = assertThrows(MillraceException.class, () -> restore(StateBed.SMALL, snapshot));
        assertEquals(ErrorCode.FORMAT_VERSION, thrown.code());
        assertSays("has version 4, this program knows up to 3", thrown);
    }

    @Test
    void shouldRefuseWhenLimitsAreLower() {
        final StateBed bed = StateBed.started(StateBed.SMALL, 4);
        bed.request(1, RequestFrames.createStream(1, "a", "t", 3, true, ""));
        bed.request(2, RequestFrames.createStream(1, "b", "t", 8, true, "0123456789abcdef"));
        final byte[] snapshot = ControlSnapshotPropertyTest.encode(bed.state);
        // scopes, streams, segments of a stream, segments, header, chains, nodes, kept, open, waiting, reply
        assertRefused(
                "2 scopes, allowed are 0 to 1", new ControlLimits(1, 4, 8, 20, 16, 4, 2, 4, 3, 4, 4096), snapshot);
        assertRefused(
                "1 streams, allowed are 0 to 0", new ControlLimits(3, 1, 8, 20, 16, 4, 2, 4, 3, 4, 4096), snapshot);
        assertRefused(
                "8 segments, allowed are 1 to 7", new ControlLimits(3, 4, 7, 20, 16, 4, 2, 4, 3, 4, 4096), snapshot);
        assertRefused("8 segments in all", new ControlLimits(3, 4, 8, 10, 16, 4, 2, 4, 3, 4, 4096), snapshot);
        assertRefused("16 bytes of header", new ControlLimits(3, 4, 8, 20, 15, 4, 2, 4, 3, 4, 4096), snapshot);
        assertRefused(
                "4 chains, allowed are 0 to 3", new ControlLimits(3, 4, 8, 20, 16, 3, 2, 4, 3, 4, 4096), snapshot);
        assertRefused(
                "2 open requests, allowed are 0 to 1",
                new ControlLimits(3, 4, 8, 20, 16, 4, 2, 4, 1, 4, 4096),
                snapshot);
        restore(new ControlLimits(2, 2, 8, 11, 16, 4, 1, 1, 2, 1, 4096), snapshot);
    }

    @Test
    void shouldRefuseWhenSomethingIsAmiss() {
        final StateBed bed = StateBed.started(StateBed.SMALL, 1);
        bed.request(1, RequestFrames.createStream(1, "s", "t", 1, true, ""));
        final byte[] snapshot = ControlSnapshotPropertyTest.encode(bed.state);
        assertRefused("1 bytes follow behind its end", StateBed.SMALL, Arrays.copyOf(snapshot, snapshot.length + 1));
        assertRefused("it ends where SnapshotBegin should begin", StateBed.SMALL, new byte[0]);
        final byte[] otherHash = snapshot.clone();
        otherHash[snapshot.length - 1] ^= 1;
        assertRefused("its state has hash", StateBed.SMALL, otherHash);
        final List<byte[]> messages = ControlSnapshotPropertyTest.split(snapshot);
        messages.remove(3);
        assertRefused(
                "where SegmentSnapshot should be is template 34",
                StateBed.SMALL,
                ControlSnapshotPropertyTest.join(messages));
        final ControlState state = new ControlState(StateBed.SMALL);
        final UnsafeBuffer buffer = new UnsafeBuffer(snapshot);
        for (final int[] range : new int[][] {{-1, 8}, {0, -1}, {0, snapshot.length + 1}, {Integer.MAX_VALUE, 1}}) {
            final MillraceException thrown =
                    assertThrows(MillraceException.class, () -> state.restore(buffer, range[0], range[1]));
            assertSays("do not lie in a buffer", thrown);
        }
    }

    @Test
    void shouldKeepEndpointWhenItGrewByBeingRead() {
        final StateBed bed = new StateBed(StateBed.SMALL);
        final byte[] noText = new byte[4096];
        Arrays.fill(noText, (byte) 0xFF);
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final NodeStartedEncoder command = new NodeStartedEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .nodeIdHigh(1)
                .nodeIdLow(2)
                .deviceUuidHigh(3)
                .deviceUuidLow(4)
                .incarnation(Long.MAX_VALUE)
                .chainCount(1)
                .putEndpoint(noText, 0, noText.length);
        bed.apply(buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + command.encodedLength());
        final ControlState restored = restore(StateBed.SMALL, ControlSnapshotPropertyTest.encode(bed.state));
        assertEquals(bed.state.stateHash(), restored.stateHash());
        assertEquals(Long.MAX_VALUE, restored.incarnation(StateBed.NODE));
    }

    @Test
    void shouldRestoreWhenAStreamHasMoreSegmentsThanAGroupHolds() {
        final int count = 65_536;
        final ControlLimits large = new ControlLimits(1, 1, count, count, 16, 4, 1, 1, 1, 1, 2_048 + 64 * count);
        final StateBed bed = new StateBed(large);
        bed.startNode(1, 4);
        bed.request(1, RequestFrames.createStream(1, "s", "t", count, true, ""));
        final byte[] snapshot = ControlSnapshotPropertyTest.encode(bed.state);
        final ControlState restored = restore(large, snapshot);
        assertEquals(count, restored.segmentCount());
        assertEquals(count, restored.pendingEffectCount());
        assertEquals(1, restored.openRequestCount());
        assertTrue(snapshot.length < LogFormat.DEFAULT_ZONE_LENGTH, "bytes " + snapshot.length);
    }

    @Test
    void shouldReplayAllWhenServiceRefusesASnapshot() {
        final FaultBed bed = FaultBed.started(StateBed.SMALL, 2);
        final FaultBed.Client client = new FaultBed.Client(7);
        bed.ask(client, RequestFrames.createStream(1, "s", "t", 2, true, ""));
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final int length = bed.service.encode(buffer, 0);
        final ExpandableArrayBuffer later = new ExpandableArrayBuffer();
        bed.ask(client, RequestFrames.sealStream(2, "s", "t"));
        final int laterLength = bed.service.encode(later, 0);
        assertEquals(bed.committedCommands.size(), bed.service.appliedPosition());

        final ControlService<FaultBed.Client> service =
                new ControlService<>(StateBed.SMALL, bed, bed, bed, bed, ChainPlaces.HERE);
        // The position of the one with the state of the other.
        final int positionLength = SnapshotWriter.LENGTH_LENGTH + buffer.getInt(0, ByteOrder.LITTLE_ENDIAN);
        later.putBytes(0, buffer, 0, positionLength);
        final MillraceException thrown =
                assertThrows(MillraceException.class, () -> service.restore(later, 0, laterLength));
        assertSays("is not the one of this state", thrown);
        assertEquals(0, service.appliedPosition());

        final long position = service.restore(buffer, 0, length);
        assertEquals(position, service.appliedPosition());
        assertThrows(IllegalStateException.class, () -> service.restore(buffer, 0, length));
        final UnsafeBuffer old = new UnsafeBuffer(bed.committedCommands.get(0));
        assertThrows(IllegalStateException.class, () -> service.onCommitted(position, 1, old, 0, old.capacity()));
        assertFalse(service.isReady());
        final MillraceException chains = assertThrows(
                MillraceException.class,
                () -> service.tryStartNode(StateBed.NODE, StateBed.DEVICE, 9, 3, "localhost:1"));
        assertEquals(ErrorCode.CONFIGURATION_VALUE, chains.code());
        assertTrue(service.tryStartNode(StateBed.NODE, StateBed.DEVICE, 9, 2, "localhost:1"));
    }

    private static ControlState restore(final ControlLimits limits, final byte[] snapshot) {
        final ControlState state = new ControlState(limits);
        ControlSnapshotPropertyTest.restore(state, snapshot);
        return state;
    }

    private static void assertRefused(final String words, final ControlLimits limits, final byte[] snapshot) {
        final MillraceException thrown = assertThrows(MillraceException.class, () -> restore(limits, snapshot), words);
        assertEquals(ErrorCode.RECORD_INVALID, thrown.code());
        assertSays(words, thrown);
    }

    private static void assertSays(final String words, final MillraceException thrown) {
        assertTrue(String.valueOf(thrown.getMessage()).contains(words), thrown::getMessage);
    }
}
