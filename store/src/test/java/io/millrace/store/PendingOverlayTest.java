package io.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.codec.control.EffectAction;
import io.millrace.codec.wire.RefusalCode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class PendingOverlayTest {
    private final ChainLog log = new ChainLog();

    @BeforeEach
    void setUp() {
        log.effect(EffectAction.CREATE_SEGMENT, 1).setUp(5, 1, 1).commit();
        assertEquals(2, log.state.lastPosition());
    }

    @Test
    void shouldAnswerDuplicateHeldToThePendingRecordWhenEventsAreOnlySequenced() {
        log.append(5, 1, 1, 3);
        assertEquals(StoreStatus.DUPLICATE, log.check(5, 1, 1, 1, 3));
        assertEquals(3, log.overlay.holdPosition());
        assertEquals(3, log.overlay.answerDetail());
        assertEquals(2, log.overlay.committedPosition());
        assertEquals(StoreStatus.DUPLICATE, log.check(5, 1, 1, 2, 1));
        log.commit();
        assertEquals(3, log.overlay.committedPosition());
    }

    @Test
    void shouldSkipKnownEventsWhenListStraddles() {
        log.append(5, 1, 1, 3);
        assertEquals(StoreStatus.APPEND_SUFFIX, log.check(5, 1, 1, 2, 4));
        assertEquals(2, log.overlay.answerDetail());
        assertEquals(60, log.overlay.appendOffset());
    }

    @Test
    void shouldNeverCutWhenListIsAtomicOrConditional() {
        log.append(5, 1, 1, 3);
        assertEquals(StoreStatus.ATOMIC_STRADDLE, checkAtomic(2, 4));
        assertEquals(4, log.overlay.answerDetail());
        assertEquals(StoreStatus.DUPLICATE, checkAtomic(2, 2));
        assertEquals(StoreStatus.APPEND, checkAtomic(4, 2));
        assertEquals(
                StoreStatus.ATOMIC_STRADDLE,
                log.overlay.checkAppend(log.who(5, 1, 1, 60).events(3, 2, 40, false)));
    }

    @Test
    void shouldAnswerGapWithTheExpectedNumberWhenEventsAreMissing() {
        assertEquals(StoreStatus.EVENT_NUMBER_GAP, log.check(5, 1, 1, 2, 1));
        assertEquals(1, log.overlay.answerDetail());
        log.append(5, 1, 1, 3);
        assertEquals(StoreStatus.EVENT_NUMBER_GAP, log.check(5, 1, 1, 5, 1));
        assertEquals(4, log.overlay.answerDetail());
        assertEquals(3, log.overlay.holdPosition());
    }

    @Test
    void shouldAnswerThePendingLengthWhenConditionFails() {
        log.append(5, 1, 1, 3);
        assertEquals(
                StoreStatus.OFFSET_MISMATCH,
                log.overlay.checkAppend(log.who(5, 1, 1, 0).events(4, 1, 20, false)));
        assertEquals(60, log.overlay.answerDetail());
        assertEquals(3, log.overlay.holdPosition());
        assertEquals(
                StoreStatus.APPEND, log.overlay.checkAppend(log.who(5, 1, 1, 60).events(4, 1, 20, false)));
        assertEquals(
                StoreStatus.DUPLICATE,
                log.overlay.checkAppend(log.who(5, 1, 1, 0).events(1, 3, 60, false)),
                "a repeat of what was appended is no mismatch");
    }

    @Test
    void shouldRefuseWithTheLastNumberWhenSealIsPending() {
        log.append(5, 1, 1, 3);
        log.effect(EffectAction.SEAL_SEGMENT, 1);
        assertEquals(StoreStatus.SEGMENT_SEALED, log.check(5, 1, 1, 4, 1));
        assertEquals(3, log.overlay.answerDetail());
        assertEquals(4, log.overlay.holdPosition());
        assertEquals(StoreStatus.DUPLICATE, log.check(5, 1, 1, 1, 3));
        assertEquals(StoreStatus.SEGMENT_SEALED, log.check(5, 1, 1, 3, 2), "the rest goes elsewhere");
        assertEquals(StoreStatus.SEGMENT_SEALED, setup(5, 1, true));
        assertEquals(3, log.overlay.answerDetail());
        assertEquals(StoreStatus.SEGMENT_SEALED, setup(6, 1, false));
        log.effect(EffectAction.DELETE_SEGMENT, 1).commit();
        assertEquals(StoreStatus.SEGMENT_DELETED, log.check(5, 1, 1, 4, 1));
        assertEquals(StoreStatus.DUPLICATE, log.check(5, 1, 1, 1, 3));
        assertEquals(StoreStatus.SEGMENT_DELETED, setup(6, 1, false));
    }

    @Test
    void shouldRefuseWhenSegmentOrWriterIsUnknown() {
        assertEquals(StoreStatus.SEGMENT_NOT_FOUND, log.check(5, 2, 1, 1, 1));
        assertEquals(StoreStatus.WRITER_UNKNOWN, log.check(6, 1, 1, 1, 1));
        assertEquals(StoreStatus.WRITER_UNKNOWN, log.check(5, 1, 2, 1, 1), "an epoch that never set up");
        assertEquals(StoreStatus.SEGMENT_NOT_FOUND, setup(5, 1, 2, false));
        assertEquals(StoreStatus.WRITER_UNKNOWN, setup(6, 1, true), "a resend is no new writer");
        assertEquals(StoreStatus.APPEND, setup(6, 1, false));
    }

    @Test
    void shouldFenceWhenAnotherSetUpIsPending() {
        log.sequence(log.setUpRecord(5, 1, 1, 4711));
        assertEquals(StoreStatus.WRITER_FENCED, log.check(5, 1, 1, 1, 1), "same epoch, older secret");
        log.setUp(5, 1, 2);
        assertEquals(StoreStatus.WRITER_FENCED, log.check(5, 1, 1, 1, 1), "older epoch");
        assertEquals(2, log.overlay.answerDetail());
        assertEquals(StoreStatus.WRITER_FENCED, setup(5, 1, true));
        assertEquals(StoreStatus.APPEND, log.check(5, 1, 2, 1, 1));
        assertEquals(StoreStatus.APPEND, setup(5, 2, 1, true));
        log.lose();
        assertEquals(StoreStatus.APPEND, log.check(5, 1, 1, 1, 1));
    }

    @Test
    void shouldRefuseWhenNumbersContradictEachOther() {
        assertEquals(StoreStatus.MALFORMED, log.check(5, 1, 1, 0, 1));
        assertEquals(StoreStatus.MALFORMED, log.check(5, 1, 1, -4, 2));
        assertEquals(StoreStatus.MALFORMED, log.check(5, 1, 1, 1, 0));
        assertEquals(StoreStatus.MALFORMED, log.check(5, 1, 1, Long.MAX_VALUE, 3));
        assertEquals(StoreStatus.MALFORMED, log.checkFragment(5, 1, 1, 0, 0, 100, 1));
        assertEquals(StoreStatus.MALFORMED, log.checkFragment(5, 1, 1, -8, 8, 100, 1));
        assertEquals(StoreStatus.MALFORMED, log.checkFragment(5, 1, 1, 90, 20, 100, 1));
        assertEquals(
                StoreStatus.MALFORMED,
                log.overlay.checkAppend(log.who(5, 1, 1, -1).fragment(1, 0, 10, 100, true, 1)));
        assertEquals(
                StoreStatus.MALFORMED,
                log.overlay.checkAppend(log.who(5, 1, 1, -1).fragment(1, Integer.MAX_VALUE, 10, 100, false, 1)));
    }

    @Test
    void shouldRefuseWhenALimitIsReached() {
        for (int writer = 6; writer < 13; writer++) {
            assertEquals(StoreStatus.APPEND, setup(writer, 1, false));
            log.setUp(writer, 1, 1);
        }
        assertEquals(StoreStatus.WRITER_LIMIT, setup(13, 1, false));
        assertEquals(8, log.overlay.answerDetail());
        assertEquals(StoreStatus.APPEND, setup(6, 1, false), "a known writer is no new entry");
        for (int segment = 2; segment <= 8; segment++) {
            assertEquals(StoreStatus.APPEND, create(segment));
            log.effect(EffectAction.CREATE_SEGMENT, segment);
        }
        assertEquals(StoreStatus.SEGMENT_LIMIT, create(9));
        for (int writer = 13; writer < 21; writer++) {
            log.setUp(writer, 2, 1);
        }
        assertEquals(StoreStatus.WRITER_LIMIT, setup(21, 1, 3, false));
        assertEquals(16, log.overlay.answerDetail());
        log.expire(20, 2);
        assertEquals(StoreStatus.APPEND, setup(21, 1, 3, false));
    }

    @Test
    void shouldRefuseBeforeSequencingWhenIndexIsFull() {
        final StoreLimits limits = new StoreLimits(8, 8, 8, 4, 8, 4096, 3);
        final ChainLog small = new ChainLog(1, limits);
        small.effect(EffectAction.CREATE_SEGMENT, 1).setUp(5, 1, 1);
        int appended = 0;
        int status = small.append(5, 1, 1, 1);
        while (status == StoreStatus.APPEND) {
            appended++;
            status = small.append(5, 1, appended + 1, 1);
        }
        assertEquals(StoreStatus.INDEX_FULL, status);
        assertEquals(65, appended, "entries at positions 3, 35 and 67");
        small.commit();
        assertEquals(3, small.state.indexEntryCount());
        final ChainLog fragments = new ChainLog(1, limits);
        fragments.effect(EffectAction.CREATE_SEGMENT, 1).setUp(5, 1, 1);
        for (int i = 0; i < 3; i++) {
            assertEquals(StoreStatus.APPEND, fragments.fragment(5, 1, 1, i * 10, 10, 40, 1));
        }
        assertEquals(StoreStatus.INDEX_FULL, fragments.fragment(5, 1, 1, 30, 10, 40, 1));
    }

    @Test
    void shouldNumberEffectsWhenTheyAreRepeatedOrMissing() {
        assertEquals(StoreStatus.EFFECT_REPEATED, effect(1));
        assertEquals(1, log.overlay.answerDetail());
        assertEquals(StoreStatus.EFFECT_GAP, effect(3));
        assertEquals(2, log.overlay.answerDetail());
        assertEquals(StoreStatus.APPEND, effect(2));
        log.effect(EffectAction.SEAL_SEGMENT, 1);
        assertEquals(StoreStatus.EFFECT_REPEATED, effect(2));
        assertEquals(3, log.overlay.holdPosition());
    }

    @Test
    void shouldStopWhenCommitIsNotWhatWasSequenced() {
        log.append(5, 1, 1, 1);
        assertThrows(ChainCheckException.class, () -> log.overlay.onCommitted(3), "not applied yet");
        assertThrows(ChainCheckException.class, () -> log.overlay.onCommitted(4));
        assertThrows(ChainCheckException.class, () -> log.overlay.onCommitted(1));
        final ChainLog other = new ChainLog();
        other.effect(EffectAction.CREATE_SEGMENT, 1).setUp(5, 1, 1);
        other.append(5, 1, 1, 2);
        final var record = other.records.get(2);
        log.state.apply(record, 0, record.capacity());
        assertThrows(ChainCheckException.class, () -> log.overlay.onCommitted(3), "another record at this position");
    }

    @Test
    void shouldGiveWireCodeWhenAnswerIsARefusal() {
        for (int status = StoreStatus.SEGMENT_NOT_FOUND; status >= StoreStatus.MALFORMED; status--) {
            if (status != StoreStatus.EFFECT_GAP) {
                assertEquals(true, StoreStatus.refusalCode(status) != RefusalCode.NULL_VAL);
            }
        }
        assertEquals(RefusalCode.EVENT_NUMBER_GAP, StoreStatus.refusalCode(StoreStatus.ATOMIC_STRADDLE));
        assertThrows(IllegalArgumentException.class, () -> StoreStatus.refusalCode(StoreStatus.EFFECT_GAP));
        assertThrows(IllegalArgumentException.class, () -> StoreStatus.refusalCode(StoreStatus.DUPLICATE));
    }

    @Test
    void shouldHoldNothingVisibleWhenFragmentsAreIncomplete() {
        log.append(5, 1, 1, 1);
        assertEquals(StoreStatus.APPEND, log.fragment(5, 1, 2, 0, 100, 250, 1));
        assertEquals(-1, log.overlay.appendOffset());
        assertEquals(StoreStatus.APPEND, log.fragment(5, 1, 2, 100, 100, 250, 1));
        log.commit();
        assertEquals(20, log.segment(1).length());
        assertEquals(1, log.state.writers().lastEventNumber(log.slot(5, 1)));
        assertEquals(StoreStatus.FRAGMENT_ORDER, log.fragment(5, 1, 2, 100, 100, 250, 1));
        assertEquals(200, log.overlay.answerDetail());
        assertEquals(StoreStatus.FRAGMENT_ORDER, log.fragment(5, 1, 2, 200, 50, 250, 2), "another session");
        assertEquals(0, log.overlay.answerDetail());
        assertEquals(StoreStatus.EVENT_NUMBER_GAP, log.fragment(5, 1, 3, 0, 50, 250, 1));
        assertEquals(StoreStatus.EVENT_TOO_LARGE, log.fragment(5, 1, 2, 0, 50, 5000, 1));
        assertEquals(StoreStatus.APPEND, log.fragment(5, 1, 2, 200, 50, 250, 1));
        log.commit();
        assertEquals(270, log.segment(1).length());
        assertEquals(2, log.state.writers().lastEventNumber(log.slot(5, 1)));
        assertEquals(0, log.state.openFragmentedEventCount());
        assertEquals(StoreStatus.DUPLICATE, log.fragment(5, 1, 2, 0, 100, 250, 9));
    }

    @Test
    void shouldDropOpenFragmentsWhenSomethingNewBegins() {
        log.fragment(5, 1, 1, 0, 100, 250, 1);
        log.fragment(5, 1, 1, 0, 120, 250, 2);
        assertEquals(1, log.overlay.pendingState().openFragmentedEventCount());
        assertEquals(StoreStatus.FRAGMENT_ORDER, log.fragment(5, 1, 1, 100, 150, 250, 1));
        log.setUp(5, 1, 1);
        assertEquals(StoreStatus.FRAGMENT_ORDER, log.fragment(5, 1, 1, 120, 130, 250, 2), "a set-up drops them");
        log.fragment(5, 1, 1, 0, 100, 250, 3);
        assertEquals(StoreStatus.APPEND, log.append(5, 1, 1, 1), "the same event whole");
        assertEquals(0, log.overlay.pendingState().openFragmentedEventCount());
        log.fragment(5, 1, 2, 0, 100, 250, 3);
        log.effect(EffectAction.SEAL_SEGMENT, 1);
        assertEquals(0, log.overlay.pendingState().openFragmentedEventCount());
        log.commit();
        assertEquals(20, log.segment(1).length());
    }

    @Test
    void shouldRefuseWhenTooManyFragmentsAreOpen() {
        for (int writer = 6; writer <= 9; writer++) {
            log.setUp(writer, 1, 1);
            assertEquals(StoreStatus.APPEND, log.fragment(writer, 1, 1, 0, 10, 250, 1));
        }
        assertEquals(StoreStatus.FRAGMENT_LIMIT, log.fragment(5, 1, 1, 0, 10, 250, 1));
        assertEquals(StoreStatus.APPEND, log.fragment(6, 1, 1, 0, 10, 250, 1), "it replaces its own");
        for (int i = 1; i < 8; i++) {
            assertEquals(StoreStatus.APPEND, log.fragment(6, 1, 1, i * 10, 10, 250, 1));
        }
        assertEquals(StoreStatus.FRAGMENT_LIMIT, log.fragment(6, 1, 1, 80, 10, 250, 1));
        assertEquals(8, log.overlay.answerDetail());
        log.expire(7, 1);
        assertEquals(StoreStatus.APPEND, log.fragment(5, 1, 1, 0, 10, 250, 1));
    }

    @Test
    void shouldExpireAWriterOnlyWhenNoRecordChangedItSince() {
        log.setUp(6, 1, 1).commit();
        final int slot = log.slot(6, 1);
        final long setUpNs = log.timestampNs - 1;
        assertEquals(StoreStatus.WRITER_ACTIVE, log.overlay.checkWriterExpiry(slot, setUpNs - 1));
        assertEquals(setUpNs, log.overlay.answerDetail());
        assertEquals(StoreStatus.APPEND, log.overlay.checkWriterExpiry(slot, setUpNs));
        assertEquals(StoreStatus.APPEND, log.fragment(6, 1, 1, 0, 10, 250, 1));
        assertEquals(StoreStatus.WRITER_ACTIVE, log.overlay.checkWriterExpiry(slot, setUpNs), "pending counts");
        assertEquals(StoreStatus.APPEND, log.overlay.checkWriterExpiry(slot, setUpNs + 1));
        log.expire(6, 1);
        assertEquals(StoreStatus.WRITER_UNKNOWN, log.overlay.checkWriterExpiry(slot, Long.MAX_VALUE));
        assertEquals(0, log.overlay.pendingState().openFragmentedEventCount());
        assertEquals(StoreStatus.WRITER_UNKNOWN, setup(6, 1, true), "it says that it has appended before");
        assertEquals(StoreStatus.APPEND, setup(6, 1, false));
        assertEquals(StoreStatus.WRITER_UNKNOWN, log.overlay.checkWriterExpiry(WriterTable.ABSENT, Long.MAX_VALUE));
    }

    private int checkAtomic(final long first, final int count) {
        return log.overlay.checkAppend(log.who(5, 1, 1, -1).events(first, count, count * 20, true));
    }

    private int setup(final long writer, final int epoch, final boolean resume) {
        return setup(writer, epoch, 1, resume);
    }

    private int setup(final long writer, final int epoch, final long segment, final boolean resume) {
        return log.overlay.checkWriterSetup(-writer, writer, ChainLog.STREAM, segment, epoch, resume);
    }

    private int create(final long segment) {
        return log.overlay.checkEffect(
                log.overlay.lastEffectNumber() + 1, EffectAction.CREATE_SEGMENT, ChainLog.STREAM, segment);
    }

    private int effect(final long number) {
        return log.overlay.checkEffect(number, EffectAction.SEAL_SEGMENT, ChainLog.STREAM, 1);
    }
}
