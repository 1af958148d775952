package io.millrace.control.consensus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.WireFrames;
import io.millrace.codec.wire.CommandDoneDecoder;
import io.millrace.codec.wire.CommandOutcome;
import io.millrace.codec.wire.CreateScopeEncoder;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.control.ChainPlaces;
import io.millrace.control.ControlLimits;
import io.millrace.control.ControlLog;
import io.millrace.control.ControlService;
import io.millrace.control.Reply;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A group goes on, once, with the state of a node that was alone. */
@Timeout(120)
final class StateImportTest {
    private static final int SCOPE_COUNT = 1_000;
    private static final UUID NODE = new UUID(1, 1);
    private static final long START_NUMBER = 3;

    @Test
    void shouldGoOnWithTheStateOfANodeThatWasAlone(@TempDir final Path root) {
        final byte[] snapshot = aloneWith(SCOPE_COUNT);
        assertTrue(snapshot.length > 2 * 16 * 1024, "several parts");
        try (GroupBed bed = new GroupBed(root, 3, GroupBed.STILL).startAll();
                GroupNode node = new GroupNode(bed.ownDriverContext(NODE))) {
            node.awaitConnected();
            bed.awaitLeader();
            node.register(1);
            assertEquals(CommandOutcome.DONE, outcome(node.ask(createScope(4_999, "of-the-group"))));
            assertEquals(0, node.takenStart, "nothing is taken yet");
            node.repeatUntil(
                    "the take-over",
                    () -> bed.member(0).status().group().isImported(),
                    () -> node.offerState(snapshot));
            node.register(1);
            node.repeatUntil("the news", () -> node.takenStart > 0, () -> {});
            assertEquals(START_NUMBER, node.takenStart);
            bed.awaitSameState();
            for (int i = 0; i < 3; i++) {
                assertTrue(bed.member(i).status().group().isImported(), "member " + i);
            }
            // The limit of scopes is reached, so these are known already.
            assertEquals(CommandOutcome.ALREADY, outcome(node.ask(createScope(5_000, "scope-" + (SCOPE_COUNT - 1)))));
            assertEquals(CommandOutcome.ALREADY, outcome(node.ask(createScope(5_001, "of-the-group"))));
            final long hash = bed.awaitSameState();
            node.offerState(snapshot);
            assertEquals(CommandOutcome.ALREADY, outcome(node.ask(createScope(5_002, "scope-1"))));
            for (int i = 0; i < 3; i++) {
                bed.stop(i);
            }
            bed.startAll();
            bed.awaitLeader();
            bed.awaitSameState();
            assertEquals(CommandOutcome.ALREADY, outcome(node.ask(createScope(5_003, "scope-0"))));
            assertTrue(hash != 0);
            assertEquals(List.of(), bed.errors);
        }
    }

    @Test
    void shouldChangeNothingWhenWhatIsOfferedIsDamagedOrTheGroupHasChains(@TempDir final Path root) {
        final byte[] snapshot = aloneWith(2);
        final byte[] damaged = snapshot.clone();
        damaged[damaged.length / 2] ^= 1;
        try (GroupBed bed = new GroupBed(root, 1, GroupBed.STILL).startAll();
                GroupNode node = new GroupNode(bed.ownDriverContext(GroupNode.ID))) {
            node.awaitConnected();
            bed.awaitLeader();
            final long before = bed.awaitSameState();
            node.offerState(damaged);
            node.repeatUntil(
                    "the refusal", () -> bed.warnings.stream().anyMatch(w -> w.contains("not taken")), () -> {});
            assertEquals(before, bed.awaitSameState());
            node.setUp();
            bed.warnings.clear();
            node.offerState(snapshot);
            node.repeatUntil(
                    "the refusal", () -> bed.warnings.stream().anyMatch(w -> w.contains("has streams")), () -> {});
            assertEquals(false, bed.member(0).status().group().isImported());
            assertEquals(List.of(), bed.errors);
        }
    }

    private static CommandOutcome outcome(final UnsafeBuffer answer) {
        GroupNode.requireDone(answer);
        return new CommandDoneDecoder()
                .wrapAndApplyHeader(answer, 0, new MessageHeaderDecoder())
                .outcome();
    }

    private static byte[] createScope(final long requestId, final String name) {
        final ExpandableArrayBuffer frame = new ExpandableArrayBuffer(128);
        final int length = new CreateScopeEncoder()
                .wrapAndApplyHeader(frame, 0, new MessageHeaderEncoder())
                .requestId(requestId)
                .scopeName(name)
                .encodedLength();
        final byte[] bytes = new byte[MessageHeaderEncoder.ENCODED_LENGTH + length];
        frame.getBytes(0, bytes);
        return bytes;
    }

    /** Runs a control plane on a log in memory and returns its snapshot. */
    private static byte[] aloneWith(final int scopeCount) {
        final MemoryLog log = new MemoryLog();
        final ControlService<Object> service = new ControlService<>(
                ControlLimits.DEFAULT,
                log,
                (chain, number, effect, offset, length) -> true,
                (session, buffer, offset, length) -> Reply.SENT,
                (queryId, index, chain, streamId, segmentId) -> false,
                ChainPlaces.HERE);
        assertTrue(service.tryStartNode(NODE, new UUID(2, 2), START_NUMBER, 4, "localhost:1"));
        log.commit(service);
        for (int i = 0; i < scopeCount; i++) {
            final byte[] frame = createScope(i, "scope-" + i);
            final UnsafeBuffer buffer = new UnsafeBuffer(frame);
            final int templateId = WireFrames.check(buffer, 0, frame.length);
            assertTrue(service.onFrame(log, 1, 2, templateId, buffer, 0, frame.length));
            log.commit(service);
        }
        final ExpandableArrayBuffer snapshot = new ExpandableArrayBuffer();
        final byte[] bytes = new byte[service.encode(snapshot, 0)];
        snapshot.getBytes(0, bytes);
        return bytes;
    }

    /** Chain 0 of a node that runs alone. */
    private static final class MemoryLog implements ControlLog {
        private final ArrayDeque<byte[]> appended = new ArrayDeque<>();
        private long position;

        @Override
        public long tryAppend(final DirectBuffer command, final int length) {
            final byte[] bytes = new byte[length];
            command.getBytes(0, bytes);
            appended.add(bytes);
            return position + appended.size();
        }

        private void commit(final ControlService<Object> service) {
            for (byte[] next = appended.poll(); next != null; next = appended.poll()) {
                service.onCommitted(++position, position, new UnsafeBuffer(next), 0, next.length);
            }
        }
    }
}
