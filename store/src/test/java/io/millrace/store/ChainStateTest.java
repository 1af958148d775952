package io.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.control.EffectAction;
import io.millrace.codec.log.AppendBodyEncoder;
import io.millrace.codec.log.RecordHeaderEncoder;
import io.millrace.codec.log.RecordKind;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class ChainStateTest {
    private final ChainLog log = new ChainLog();

    @Test
    void shouldGrowSegmentAndWriterEntryWhenAppendIsApplied() {
        open(1).setUp(5, 1, 1);
        assertEquals(StoreStatus.APPEND, log.append(5, 1, 1, 3));
        log.commit();
        final Segment segment = log.segment(1);
        final int slot = log.slot(5, 1);
        assertEquals(60, segment.length());
        assertEquals(3, segment.changePosition());
        assertEquals(3, log.state.writers().lastEventNumber(slot));
        assertEquals(60, log.state.writers().endOffset(slot));
        assertEquals(51, log.state.writers().bindSecret(slot));
        assertEquals(3, log.state.writers().changePosition(slot));
        assertEquals(slot, log.state.appliedWriterSlot());
        assertEquals(segment, log.state.appliedSegment());
    }

    @Test
    void shouldNameChainPositionExpectedAndSeenWhenPositionIsSkipped() {
        open(1).commit();
        final UnsafeBuffer record = log.setUpRecord(5, 1, 1, 9);
        header(record).position(4);
        final ChainCheckException e = refuse(record);
        assertEquals(3, e.chain());
        assertEquals(4, e.position());
        assertEquals(2, e.expected());
        assertEquals(4, e.seen());
        final String message = e.getMessage();
        assertNotNull(message);
        assertTrue(message.contains("chain 3, position 4: position: expected 2, seen 4"), message);
    }

    @Test
    void shouldRefuseWhenHeaderContradictsTheState() {
        log.chainEpoch = 7;
        open(1).commit();
        UnsafeBuffer record = log.setUpRecord(5, 1, 1, 9);
        header(record).previousHash(12345);
        assertMessage(record, "previous hash");
        record = log.setUpRecord(5, 1, 1, 9);
        header(record).chain(4);
        assertMessage(record, "chain");
        record = log.setUpRecord(5, 1, 1, 9);
        header(record).chainEpoch(6);
        assertMessage(record, "chain epoch fell");
        record = log.setUpRecord(5, 1, 1, 9);
        header(record).bodyVersion(1);
        assertMessage(record, "body version");
        record = log.setUpRecord(5, 1, 1, 9);
        header(record).length(record.capacity() - 8);
        assertMessage(record, "record length");
        assertThrows(
                ChainCheckException.class, () -> log.state.apply(log.setUpRecord(5, 1, 1, 9), 8, 112), "out of bounds");
    }

    @Test
    void shouldRefuseAndStayUnchangedWhenAppendDoesNotFollow() {
        open(1).setUp(5, 1, 2).commit();
        assertMessage(log.appendRecord(5, 1, 2, 1, 1, 1, new byte[20]), "segment offset");
        assertMessage(log.appendRecord(5, 1, 2, 0, 2, 1, new byte[20]), "first event number");
        assertMessage(log.appendRecord(5, 1, 1, 0, 1, 1, new byte[20]), "writer epoch");
        assertMessage(log.appendRecord(5, 1, 2, 0, 1, 0, new byte[20]), "event count");
        assertMessage(log.appendRecord(5, 1, 2, 0, 1, 1, new byte[0]), "body length");
        assertMessage(log.appendRecord(6, 1, 2, 0, 1, 1, new byte[20]), "no entry");
        assertMessage(log.appendRecord(5, 2, 2, 0, 1, 1, new byte[20]), "unknown");
        assertMessage(log.setUpRecord(5, 1, 1, 9), "writer epoch fell");
        log.effect(EffectAction.SEAL_SEGMENT, 1).commit();
        assertMessage(log.appendRecord(5, 1, 2, 0, 1, 1, new byte[20]), "SEALED");
    }

    @Test
    void shouldRefuseByNameWhenKindIsReserved() {
        open(1).commit();
        assertMessage(log.bareRecord(RecordKind.TRUNCATE, 24), "TRUNCATE");
        assertMessage(log.bareRecord(RecordKind.FILL, 16), "FILL");
        assertMessage(log.bareRecord(RecordKind.CONTROL_COMMAND, 16), "CONTROL_COMMAND");
        final UnsafeBuffer record = log.bareRecord(RecordKind.FILL, 16);
        record.putByte(8, (byte) 32);
        assertMessage(record, "record kind 32");
    }

    @Test
    void shouldOnlyAdvanceWhenChainIsTheControlChain() {
        final ChainLog control = new ChainLog(0, ChainLog.LIMITS);
        control.sequence(control.bareRecord(RecordKind.CONTROL_COMMAND, 40)).commit();
        assertEquals(1, control.state.lastPosition());
        final UnsafeBuffer effect = control.effectRecord(1, EffectAction.CREATE_SEGMENT, 1);
        assertThrows(ChainCheckException.class, () -> control.state.apply(effect, 0, effect.capacity()));
    }

    @Test
    void shouldKeepMembershipOutOfTheLogWhenApplied() {
        open(1).commit();
        final long hash = log.state.stateHash();
        final UnsafeBuffer record = log.membershipRecord(4, 6);
        assertEquals(ChainState.MEMBERSHIP_NOTED, log.state.apply(record, 0, record.capacity()));
        assertEquals(4, log.state.memberSinceEpoch());
        assertEquals(6, log.state.promisedEpoch());
        assertEquals(1, log.state.lastPosition());
        assertEquals(hash, log.state.stateHash());
        assertMessage(log.membershipRecord(4, 5), "promised epoch fell");
    }

    @Test
    void shouldIgnoreWhenEffectIsRepeatedOrWouldGoBackwards() {
        open(1).setUp(5, 1, 1).effect(EffectAction.SEAL_SEGMENT, 1).commit();
        assertEquals(2, log.state.lastEffectNumber());
        log.effect(1, EffectAction.CREATE_SEGMENT, 1).commit();
        assertEquals(Segment.State.SEALED, log.segment(1).state());
        log.effect(EffectAction.CREATE_SEGMENT, 1).commit();
        assertEquals(Segment.State.SEALED, log.segment(1).state());
        log.effect(EffectAction.SEAL_SEGMENT, 9).commit();
        assertNull(log.state.segment(ChainLog.STREAM, 9));
        assertEquals(4, log.state.lastEffectNumber());
        log.effect(EffectAction.DELETE_SEGMENT, 1)
                .effect(EffectAction.SEAL_SEGMENT, 1)
                .effect(EffectAction.CREATE_SEGMENT, 1)
                .commit();
        assertTrue(log.segment(1).isDeleted());
        assertEquals(0, log.state.segmentCount());
        assertEquals(1, log.state.writers().size(), "entries outlive the segment");
        assertMessage(log.effectRecord(9, EffectAction.CREATE_SEGMENT, 2), "effect number");
        assertMessage(log.effectRecord(0, EffectAction.CREATE_SEGMENT, 2), "effect number");
    }

    @Test
    void shouldGiveIndexBackWhenSegmentIsDeleted() {
        open(1).setUp(5, 1, 1);
        for (int i = 1; i <= 5000; i++) {
            log.append(5, 1, i, 1);
        }
        log.commit();
        assertEquals(157, log.state.indexEntryCount());
        log.effect(EffectAction.DELETE_SEGMENT, 1).commit();
        assertEquals(0, log.state.indexEntryCount());
        assertEquals(-1, log.segment(1).find(0));
        assertEquals(5000 * 20, log.segment(1).length());
    }

    @Test
    void shouldForgetBytesAndEntriesBelowStartWhenSegmentIsTruncated() {
        open(1).setUp(5, 1, 1);
        for (int i = 1; i <= 5000; i++) {
            log.append(5, 1, i, 1);
        }
        log.commit();
        log.truncate(1, 3000 * 20).commit();
        assertEquals(3000 * 20, log.segment(1).startOffset());
        assertEquals(-1, log.segment(1).find(3000 * 20 - 1));
        assertTrue(log.segment(1).find(3000 * 20) >= 0);
        assertEquals(157 - 3000 / 32, log.state.indexEntryCount());
        assertEquals("", log.overlay.pendingState().difference(log.state));
        log.truncate(1, 2000 * 20).truncate(1, 5000 * 20 + 1).truncate(9, 1).commit();
        assertEquals(3000 * 20, log.segment(1).startOffset(), "never backwards, never behind the end");
        log.truncate(1, 5000 * 20).commit();
        assertEquals(5000 * 20, log.segment(1).startOffset());
        assertEquals(0, log.state.indexEntryCount());
        assertEquals(-1, log.segment(1).find(5000 * 20));
        log.append(5, 1, 5001, 1);
        log.commit();
        assertEquals(1, log.state.indexEntryCount(), "the first record behind it can be found");
        assertEquals(
                log.state.lastPosition(),
                log.segment(1).index().position(log.segment(1).find(5000 * 20)));
        log.effect(EffectAction.DELETE_SEGMENT, 1).truncate(1, 5001 * 20).commit();
        assertEquals(5000 * 20, log.segment(1).startOffset(), "deleted");
        assertEquals(0, log.state.indexEntryCount());
        assertEquals("", log.overlay.pendingState().difference(log.state));
    }

    @Test
    void shouldGiveBlocksBackAgainAndAgainWhenSegmentIsTruncatedAsItGrows() {
        open(1).setUp(5, 1, 1);
        for (int i = 1; i <= 200_000; i++) {
            log.append(5, 1, i, 1);
            if (i % 1000 == 0) {
                log.truncate(1, (i - (i % 3000 == 0 ? 0 : 500)) * 20L).commit();
                log.records.replaceAll(record -> new UnsafeBuffer(0, 0));
            }
        }
        assertTrue(log.state.indexEntryCount() <= 64, "entries " + log.state.indexEntryCount());
        assertEquals("", log.overlay.pendingState().difference(log.state));
    }

    @Test
    void shouldReplaceSecretButKeepNumbersWhenWriterSetsUpAgain() {
        open(1).setUp(5, 1, 1);
        log.append(5, 1, 1, 2);
        log.setUp(5, 1, 3).commit();
        final int slot = log.slot(5, 1);
        assertEquals(2, log.state.writers().lastEventNumber(slot));
        assertEquals(3, log.state.writers().writerEpoch(slot));
        assertEquals(53, log.state.writers().bindSecret(slot));
        assertEquals(1, log.segment(1).writerCount());
    }

    @Test
    void shouldForgetWriterWhenExpired() {
        open(1).setUp(5, 1, 1).commit();
        final int slot = log.slot(5, 1);
        log.expire(5, 1).commit();
        assertEquals(WriterTable.ABSENT, log.slot(5, 1));
        assertEquals(0, log.segment(1).writerCount());
        assertEquals(false, log.state.writers().matches(slot, -5, 5, ChainLog.STREAM, 1));
        assertEquals(StoreStatus.WRITER_UNKNOWN, log.check(5, 1, 1, 1, 1));
        assertThrows(ChainCheckException.class, () -> log.expire(5, 1));
    }

    @Test
    void shouldRefuseWhenFragmentsContradictEachOther() {
        open(1).setUp(5, 1, 1).commit();
        assertMessage(log.fragmentRecord(5, 1, 1, 1, 10, 30, 1, new byte[10]), "continues no open event");
        log.fragment(5, 1, 1, 0, 10, 30, 1);
        log.commit();
        assertMessage(log.fragmentRecord(5, 1, 1, 1, 20, 30, 1, new byte[10]), "fragment offset");
        assertMessage(log.fragmentRecord(5, 1, 1, 1, 10, 30, 2, new byte[10]), "continues no open event");
        assertMessage(log.fragmentRecord(5, 1, 1, 1, 10, 30, 1, new byte[21]), "fragmented length");
        assertMessage(log.fragmentRecord(5, 1, 1, 2, 10, 30, 1, new byte[10]), "event number");
        final UnsafeBuffer record = log.fragmentRecord(5, 1, 1, 1, 10, 30, 1, new byte[10]);
        new AppendBodyEncoder().wrap(record, ChainLog.HEADER).flags((short) 3);
        assertMessage(record, "flags");
    }

    private ChainLog open(final long segmentId) {
        return log.effect(EffectAction.CREATE_SEGMENT, segmentId);
    }

    private static RecordHeaderEncoder header(final UnsafeBuffer record) {
        return new RecordHeaderEncoder().wrap(record, 0);
    }

    private void assertMessage(final UnsafeBuffer record, final String part) {
        final String message = refuse(record).getMessage();
        assertNotNull(message);
        assertTrue(message.contains(part), message);
    }

    private ChainCheckException refuse(final UnsafeBuffer record) {
        final long before = log.state.stateHash();
        final ChainCheckException e =
                assertThrows(ChainCheckException.class, () -> log.state.apply(record, 0, record.capacity()));
        assertEquals(before, log.state.stateHash(), "a refused record changes nothing");
        return e;
    }
}
