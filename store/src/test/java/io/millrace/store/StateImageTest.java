package io.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.control.EffectAction;
import io.millrace.codec.log.RecordKind;
import org.agrona.ExpandableDirectByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class StateImageTest {
    private static final int HEADER = StateImage.HEADER_LENGTH;
    /** Room for a run of eight entries. */
    private static final int SMALL = IndexImage.RUN_LENGTH + 8 * IndexImage.ENTRY_LENGTH;

    private final ChainLog log = new ChainLog();
    private int lastNumber;

    @Test
    void shouldRestoreAnEmptyStateWhenNothingWasApplied() {
        final ChainState restored = new ImageCapture(log.state).streamAll().restore();
        assertEquals("", restored.difference(log.state));
        open(1).commit();
        assertReplayEquals(restored);
    }

    @Test
    void shouldRestorePositionAndHashWhenChainIsTheControlChain() {
        final ChainLog control = new ChainLog(0, ChainLog.LIMITS);
        control.sequence(control.bareRecord(RecordKind.CONTROL_COMMAND, 40)).commit();
        final ChainState restored =
                new ImageCapture(control.state).streamAll().restoreInto(new ChainState(0, ChainLog.LIMITS));
        assertEquals("", restored.difference(control.state));
    }

    @Test
    void shouldGiveNoEntriesWhenSegmentIsDeletedWhileStreaming() {
        final ImageCapture image = captureOf(2000);
        assertTrue(image.stream(SMALL));
        log.effect(EffectAction.DELETE_SEGMENT, 1).commit();
        image.streamAll();
        assertEquals(2, image.pieces.size(), "the second piece says that the segment is gone");
        assertEquals(IndexImage.RUN_LENGTH, image.pieces.get(1).capacity());
        final ChainState restored = image.restore();
        assertEquals(0, restored.indexEntryCount());
        assertReplayEquals(restored);
        assertEquals(0, restored.arena().blockCount());
    }

    @Test
    void shouldGiveNoEntriesWhenSegmentIsTruncatedToItsEndWhileStreaming() {
        final ImageCapture image = captureOf(2000);
        assertTrue(image.stream(SMALL));
        append(100);
        log.truncate(1, log.segment(1).length()).commit();
        append(100);
        image.streamAll();
        final ChainState restored = image.restore();
        assertEquals(0, restored.indexEntryCount());
        assertReplayEquals(restored);
        append(1000);
        assertReplayEquals(restored);
        log.truncate(1, log.segment(1).length() - 200).commit();
        assertReplayEquals(restored);
        log.effect(EffectAction.DELETE_SEGMENT, 1).commit();
        assertReplayEquals(restored);
        assertEquals(0, restored.arena().blockCount());
    }

    @Test
    void shouldForgetWhatWasStreamedWhenTruncationPassesIt() {
        final ImageCapture image = captureOf(4000);
        assertTrue(image.stream(SMALL));
        log.truncate(1, 10).truncate(1, 40 * 32 * 20).truncate(1, 70 * 32 * 20).commit();
        image.streamAll();
        final ChainState restored = image.restore();
        final Segment segment = segmentOf(restored);
        assertEquals(70, segment.index().first());
        assertEquals(0, segment.startOffset(), "the record that raises it is still to come");
        assertReplayEquals(restored);
        assertEquals(log.segment(1).startOffset(), segment.startOffset());
        assertEquals(70, segment.find(segment.startOffset()));
    }

    @Test
    void shouldIgnoreASegmentOfTheSameIdWhenTheCapturedOneIsForgotten() {
        final ImageCapture image = captureOf(200);
        log.effect(EffectAction.DELETE_SEGMENT, 1);
        for (int i = 0; i < SegmentTable.MAX_TOMBSTONES; i++) {
            log.effect(EffectAction.CREATE_SEGMENT, 1000 + i).effect(EffectAction.DELETE_SEGMENT, 1000 + i);
        }
        open(1).expire(5, 1).setUp(5, 1, 1).commit();
        lastNumber = 0;
        append(2000);
        image.streamAll();
        final ChainState restored = image.restore();
        assertEquals(0, restored.indexEntryCount());
        assertReplayEquals(restored);
    }

    @Test
    void shouldForgetTheSameTombstonesWhenRestored() {
        for (int i = 0; i < SegmentTable.MAX_TOMBSTONES; i++) {
            log.effect(EffectAction.CREATE_SEGMENT, 1000 + i);
            log.effect(EffectAction.DELETE_SEGMENT, 1000 + i);
        }
        open(1).commit();
        final ChainState restored = new ImageCapture(log.state).streamAll().restore();
        log.effect(EffectAction.DELETE_SEGMENT, 1).commit();
        assertReplayEquals(restored);
        assertEquals(null, restored.segment(ChainLog.STREAM, 1000), "the oldest goes first");
    }

    @Test
    void shouldCompleteAnOpenEventWhenItSurvivesTheImage() {
        open(1).setUp(5, 1, 1).commit();
        append(10);
        log.fragment(5, 1, 11, 0, 10, 30, 7);
        append(6, 50);
        log.fragment(5, 1, 11, 10, 10, 30, 7);
        log.commit();
        final ImageCapture image = new ImageCapture(log.state);
        assertTrue(image.visited.get(13) && image.visited.get(65), "fragments of the open event " + image.visited);
        log.fragment(5, 1, 11, 20, 10, 30, 7);
        log.commit();
        image.streamAll();
        final ChainState restored = image.restore();
        assertEquals(1, restored.openFragmentedEventCount());
        assertReplayEquals(restored);
        assertEquals(0, restored.openFragmentedEventCount());
    }

    @Test
    void shouldEqualTheRestoredStateWhenOverlayDiscards() {
        final ImageCapture image = captureOf(3000).streamAll();
        append(40);
        log.truncate(1, 1000).fragment(5, 1, lastNumber + 1, 0, 10, 30, 7);
        log.commit();
        final ChainState restored = new ChainState(ChainLog.CHAIN, ChainLog.LIMITS);
        final PendingOverlay overlay = new PendingOverlay(restored);
        image.restoreInto(restored);
        overlay.discard();
        for (int i = (int) image.position; i < log.records.size(); i++) {
            overlay.onSequenced(log.records.get(i), 0, log.records.get(i).capacity());
        }
        while (restored.lastPosition() < overlay.lastPosition()) {
            final UnsafeBuffer record = log.records.get((int) restored.lastPosition());
            restored.apply(record, 0, record.capacity());
            overlay.onCommitted(restored.lastPosition());
        }
        assertEquals("", overlay.pendingState().difference(restored));
        assertEquals("", restored.difference(log.state));
        overlay.discard();
        assertEquals("", overlay.pendingState().difference(restored));
    }

    @Test
    void shouldStayWithinItsBoundsWhenPiecesAreAskedFor() {
        final ImageCapture image = captureOf(40_000);
        image.streamAll();
        assertEquals(1250, log.segment(1).index().count());
        assertEquals(3, image.pieces.size());
        assertEquals(
                IndexImage.MAX_PIECE_LENGTH - 8 * IndexImage.ENTRY_LENGTH,
                image.pieces.get(0).capacity());
        final ImageCapture again = new ImageCapture(log.state);
        assertThrows(IllegalArgumentException.class, () -> again.stream(IndexImage.MIN_PIECE_LENGTH - 1));
        assertTrue(again.stream(IndexImage.MIN_PIECE_LENGTH));
        assertEquals(0, new IndexImage().next(new UnsafeBuffer(new byte[64]), 0, 64, (first, last, bytes) -> {}));
    }

    @Test
    void shouldRefuseToBeUsedWhenTheImageIsNotComplete() {
        final ImageCapture image = captureOf(3000);
        while (image.stream(SMALL)) {
            assertFalse(image.pieces.isEmpty());
        }
        final ChainState state = new ChainState(ChainLog.CHAIN, ChainLog.LIMITS);
        assertThrows(IllegalStateException.class, state::restored);
        assertThrows(IllegalStateException.class, () -> state.restoreIndex(image.pieces.get(0), 0, 8));
        state.restore(image.fixed, ImageCapture.OFFSET, image.length);
        assertThrows(IllegalStateException.class, () -> state.restore(image.fixed, ImageCapture.OFFSET, image.length));
        assertThrows(IllegalStateException.class, () -> state.encode(new ExpandableDirectByteBuffer(), 0));
        assertThrows(IllegalStateException.class, () -> new PendingOverlay(state));
        final UnsafeBuffer record = log.records.get(0);
        assertThrows(IllegalStateException.class, () -> state.apply(record, 0, record.capacity()));
        assertThrows(ChainCheckException.class, state::restored, "no piece");
        assertThrows(IllegalStateException.class, () -> log.state.restore(image.fixed, 24, image.length), "not new");
        for (int missing = 0; missing < image.pieces.size(); missing++) {
            final UnsafeBuffer piece = image.pieces.remove(missing);
            assertThrows(ChainCheckException.class, image::restore, "piece " + missing);
            image.pieces.add(missing, piece);
        }
        image.pieces.add(image.pieces.get(0));
        assertRefused(image, "behind those of the last segment");
    }

    @Test
    void shouldSayWhatIsWrongWhenANumberIsDamaged() {
        open(1).setUp(5, 1, 1).setUp(6, 1, 1).commit();
        append(100);
        log.fragment(5, 1, 101, 0, 10, 30, 7);
        log.commit();
        open(2).effect(EffectAction.DELETE_SEGMENT, 2).commit();
        final ImageCapture image = new ImageCapture(log.state).streamAll();
        final int tombstone = HEADER + StateImage.SEGMENT_LENGTH;
        final int writer = tombstone + StateImage.SEGMENT_LENGTH;
        final int event = writer + 2 * StateImage.WRITER_LENGTH;
        final int fragment = event + StateImage.EVENT_LENGTH;
        assertEquals(fragment + StateImage.FRAGMENT_LENGTH, image.length);
        assertDamageRefused(image, StateImage.VERSION_OFFSET, 2, "version");
        assertDamageRefused(image, StateImage.CHAIN_OFFSET, 4, "chain");
        assertDamageRefused(image, StateImage.LENGTH_OFFSET, image.length - 1, "length");
        assertDamageRefused(image, StateImage.LIVE_COUNT_OFFSET, Integer.MAX_VALUE, "live segments");
        assertDamageRefused(image, StateImage.INDEXED_COUNT_OFFSET, 2, "segments with index entries");
        assertDamageRefused(image, StateImage.TOMBSTONE_COUNT_OFFSET, 65_537, "tombstones");
        assertDamageRefused(image, StateImage.TOMBSTONE_COUNT_OFFSET, 65_536, "bytes of the tables");
        assertDamageRefused(image, StateImage.WRITER_COUNT_OFFSET, -1, "writer entries");
        assertDamageRefused(image, StateImage.OPEN_EVENT_COUNT_OFFSET, 3, "open events");
        assertDamageRefused(image, StateImage.OPEN_EVENT_COUNT_OFFSET, 0, "end of the open events");
        assertDamageRefused(image, StateImage.LAST_POSITION_OFFSET, 50, "position");
        assertDamageRefused(image, StateImage.LAST_EFFECT_OFFSET, 5000, "last effect number");
        assertDamageRefused(image, HEADER + StateImage.SEGMENT_ID_OFFSET, 2, "there twice");
        assertDamageRefused(image, HEADER + StateImage.SEGMENT_START_OFFSET, 2001, "start offset");
        assertDamageRefused(image, HEADER + StateImage.SEGMENT_START_OFFSET, 2000, "index entries but no bytes");
        assertDamageRefused(image, HEADER + StateImage.SEGMENT_FIRST_OFFSET, 4, "first index entry");
        assertDamageRefused(image, HEADER + StateImage.SEGMENT_COUNT_OFFSET, Integer.MAX_VALUE, "index entries");
        assertDamageRefused(image, HEADER + StateImage.SEGMENT_STATE_OFFSET, 2, "segment state");
        assertDamageRefused(image, tombstone + StateImage.SEGMENT_STATE_OFFSET, 1, "segment state");
        assertDamageRefused(image, writer + StateImage.WRITER_ID_HIGH_OFFSET, -6, "no entry");
        assertDamageRefused(image, writer + StateImage.WRITER_CHANGE_POSITION_OFFSET, 5000, "change position");
        assertDamageRefused(image, event + StateImage.WRITER_SEGMENT_OFFSET, 2, "no entry");
        assertDamageRefused(image, event + StateImage.EVENT_NUMBER_OFFSET, 100, "number of an open event");
        assertDamageRefused(image, event + StateImage.EVENT_FRAGMENT_COUNT_OFFSET, 2, "fragments of an open event");
        assertDamageRefused(image, event + StateImage.EVENT_RECEIVED_OFFSET, 30, "bytes of an open event");
        assertDamageRefused(image, fragment, 5000, "position of a fragment");
        assertDamageRefused(image, fragment + StateImage.FRAGMENT_OFFSET_OFFSET, 1, "offset of a fragment");

        final UnsafeBuffer piece = image.pieces.get(0);
        final int entry = IndexImage.RUN_LENGTH;
        assertPieceRefused(image, piece, IndexImage.RUN_STREAM_OFFSET, 76, "stream of a run");
        assertPieceRefused(image, piece, IndexImage.RUN_SEGMENT_OFFSET, 2, "segment of a run");
        assertPieceRefused(image, piece, IndexImage.RUN_LIVE_FIRST_OFFSET, 5, "live first");
        assertPieceRefused(image, piece, IndexImage.RUN_FIRST_INDEX_OFFSET, 1, "first entry of a run");
        assertPieceRefused(image, piece, IndexImage.RUN_COUNT_OFFSET, 5, "entries of a run");
        assertPieceRefused(image, piece, IndexImage.RUN_COUNT_OFFSET, 3, "bytes left for a run");
        assertPieceRefused(image, piece, entry + IndexImage.ENTRY_LENGTH, 0, "offset of an entry");
        assertPieceRefused(image, piece, entry + 3 * IndexImage.ENTRY_LENGTH, 2000, "offset of an entry");
        assertPieceRefused(image, piece, entry + IndexImage.ENTRY_POSITION_OFFSET, 5000, "position of an entry");
        assertPieceRefused(image, piece, piece.capacity() - 8, 99, "position of the newest entry");
        assertPieceRefused(image, piece, piece.capacity() - 4, Integer.MIN_VALUE, "which has none");
        assertEquals("", image.restore().difference(log.state), "nothing but the damage was refused");
    }

    private void assertDamageRefused(
            final ImageCapture image, final int offset, final int value, final String message) {
        final int at = ImageCapture.OFFSET + offset;
        final int was = image.fixed.getInt(at);
        image.fixed.putInt(at, value);
        assertRefused(image, message);
        image.fixed.putInt(at, was);
    }

    private void assertPieceRefused(
            final ImageCapture image,
            final UnsafeBuffer piece,
            final int offset,
            final int value,
            final String message) {
        final int was = piece.getInt(offset);
        piece.putInt(offset, value);
        assertRefused(image, message);
        piece.putInt(offset, was);
    }

    private static void assertRefused(final ImageCapture image, final String part) {
        final String message = String.valueOf(
                assertThrows(ChainCheckException.class, image::restore, part).getMessage());
        assertTrue(message.contains("image") && message.contains(part), message + " does not tell " + part);
    }

    private ChainLog open(final long segmentId) {
        return log.effect(EffectAction.CREATE_SEGMENT, segmentId);
    }

    /** Makes a segment of so many events of 20 bytes, and begins an image. */
    private ImageCapture captureOf(final int events) {
        open(1).setUp(5, 1, 1).commit();
        append(events);
        return new ImageCapture(log.state);
    }

    private void append(final int count) {
        for (int i = 0; i < count; i++) {
            assertEquals(StoreStatus.APPEND, log.append(5, 1, ++lastNumber, 1));
        }
        log.commit();
    }

    /** Appends as a second writer, which is set up with the first one open. */
    private void append(final long writer, final int count) {
        log.setUp(writer, 1, 1);
        for (int i = 1; i <= count; i++) {
            assertEquals(StoreStatus.APPEND, log.append(writer, 1, i, 1));
        }
        log.commit();
    }

    private void assertReplayEquals(final ChainState restored) {
        while (restored.lastPosition() < log.state.lastPosition()) {
            final UnsafeBuffer record = log.records.get((int) restored.lastPosition());
            restored.apply(record, 0, record.capacity());
        }
        assertEquals("", restored.difference(log.state));
        assertEquals(log.state.stateHash(), restored.stateHash());
    }

    private static Segment segmentOf(final ChainState state) {
        final Segment segment = state.segment(ChainLog.STREAM, 1);
        if (segment == null) {
            throw new AssertionError("no segment");
        }
        return segment;
    }
}
