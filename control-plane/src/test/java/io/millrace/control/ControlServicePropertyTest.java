package io.millrace.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.millrace.codec.control.EffectAction;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Whatever is lost, repeated or interrupted: every request gets one answer, and the chains hold what the state says.
 */
class ControlServicePropertyTest {
    private static final int CLIENT_ID = 7;

    /** Commands, effects, news and whole processes are lost at any point. */
    @Property(tries = 300)
    void shouldCompleteWhenAnythingIsLost(
            @ForAll final long seed, @ForAll @IntRange(min = 1, max = 3) final int chainCount) {
        final Random random = new Random(seed);
        final FaultBed bed = FaultBed.started(ControlLimits.DEFAULT, chainCount);
        final List<RequestFrames.Frame> frames = new ArrayList<>();
        final List<FaultBed.Client> sessions = new ArrayList<>(List.of(new FaultBed.Client(CLIENT_ID)));
        for (int i = 0; i < 150; i++) {
            step(bed, random, frames, sessions);
        }
        bed.isEffectLost = false;
        bed.isNewsLost = false;
        bed.isSinkPressed = false;
        bed.logStatus = 0;
        sessions.forEach(session -> session.isStuck = false);
        finish(bed);

        final FaultBed.Client last = new FaultBed.Client(CLIENT_ID);
        sessions.add(last);
        for (final RequestFrames.Frame frame : frames) {
            bed.deliver(last, frame);
            finish(bed);
        }
        checkAnswers(sessions, frames.size());
        checkChains(bed);
        checkReplay(bed);
    }

    /** A node that begins with a snapshot sends, appends and answers what one does that replays all commands. */
    @Property(tries = 200)
    void shouldWorkAlikeWhenRestoredAndWhenReplayed(
            @ForAll final long seed, @ForAll @IntRange(min = 1, max = 3) final int chainCount) {
        final Random random = new Random(seed);
        final FaultBed bed = FaultBed.started(ControlLimits.DEFAULT, chainCount);
        final List<RequestFrames.Frame> frames = new ArrayList<>();
        final List<FaultBed.Client> sessions = new ArrayList<>(List.of(new FaultBed.Client(CLIENT_ID)));
        final int checkpointStep = random.nextInt(100);
        for (int i = 0; i < 100; i++) {
            if (i == checkpointStep) {
                bed.checkpoint();
            }
            step(bed, random, frames, sessions);
        }
        final long laterSeed = random.nextLong();
        final FaultBed restored = bed.startCopy(true);
        final FaultBed replayed = bed.startCopy(false);
        assertEquals(
                replayed.service.state().stateHash(), restored.service.state().stateHash());
        final List<FaultBed.Client> restoredSessions = continueWith(restored, laterSeed, frames);
        final List<FaultBed.Client> replayedSessions = continueWith(replayed, laterSeed, frames);
        for (int i = 0; i < replayedSessions.size(); i++) {
            assertEquals(texts(replayedSessions.get(i)), texts(restoredSessions.get(i)), "session " + i);
        }
        assertEquals(texts(replayed.committedCommands), texts(restored.committedCommands));
        for (int i = 0; i < chainCount; i++) {
            assertEquals(texts(replayed.chains.get(i).committed), texts(restored.chains.get(i).committed));
        }
        assertEquals(replayed.effectSendCount, restored.effectSendCount);
        assertEquals(replayed.service.effectResendCount(), restored.service.effectResendCount());
        assertEquals(
                replayed.service.state().stateHash(), restored.service.state().stateHash());
    }

    private static List<FaultBed.Client> continueWith(
            final FaultBed bed, final long seed, final List<RequestFrames.Frame> framesBefore) {
        final Random random = new Random(seed);
        final List<RequestFrames.Frame> frames = new ArrayList<>(framesBefore);
        final List<FaultBed.Client> sessions = new ArrayList<>(List.of(new FaultBed.Client(CLIENT_ID)));
        for (int i = 0; i < 80; i++) {
            step(bed, random, frames, sessions);
        }
        return sessions;
    }

    private static List<String> texts(final FaultBed.Client session) {
        return session.inbox.stream()
                .map(message -> message.templateId() + " " + message.requestId() + " " + message.result() + " "
                        + message.streamId() + " " + message.detail() + " " + message.text())
                .toList();
    }

    private static List<String> texts(final List<byte[]> messages) {
        return messages.stream().map(HexFormat.of()::formatHex).toList();
    }

    private static void step(
            final FaultBed bed,
            final Random random,
            final List<RequestFrames.Frame> frames,
            final List<FaultBed.Client> sessions) {
        final FaultBed.Client session = sessions.get(sessions.size() - 1);
        switch (random.nextInt(17)) {
            case 0, 1, 2 -> {
                frames.add(ControlStatePropertyTest.randomFrame(random, frames.size() + 1));
                bed.deliver(session, frames.get(frames.size() - 1));
            }
            case 3 -> {
                if (!frames.isEmpty()) {
                    bed.deliver(session, frames.get(random.nextInt(frames.size())));
                }
            }
            case 4, 5 -> bed.commitCommand();
            case 6, 7 -> bed.commitEffect(1 + random.nextInt(bed.chains.size()));
            case 8, 9 -> bed.work();
            case 10 -> bed.nowNs += random.nextInt(200_000_000);
            case 11 -> bed.isEffectLost = random.nextBoolean();
            case 12 -> bed.isNewsLost = random.nextBoolean();
            case 13 -> {
                bed.isSinkPressed = random.nextBoolean();
                bed.logStatus = random.nextBoolean() ? ControlLog.BACK_PRESSURED : 0;
            }
            case 14 -> session.isStuck = random.nextBoolean();
            case 15 -> bed.checkpoint();
            default -> {
                bed.logStatus = 0;
                if (random.nextBoolean()) {
                    bed.crash(random.nextBoolean());
                } else {
                    bed.service.onSessionClosed(session);
                }
                sessions.add(new FaultBed.Client(CLIENT_ID));
            }
        }
    }

    private static void finish(final FaultBed bed) {
        bed.settle();
        for (int i = 0; i < 3; i++) {
            bed.nowNs += EffectDispatch.DONE_REPEAT_NS;
            bed.settle();
        }
        assertEquals(0, bed.service.state().pendingEffectCount());
        assertEquals(0, bed.service.state().openRequestCount());
        assertEquals(0, bed.service.waitingRequestCount());
    }

    /** Answers to one request agree, but for refusals that pass by themselves. */
    private static void checkAnswers(final List<FaultBed.Client> sessions, final int requestCount) {
        final Map<Long, FaultBed.Message> answers = new TreeMap<>();
        for (final FaultBed.Client session : sessions) {
            for (final FaultBed.Message message : session.inbox) {
                final FaultBed.Message before = answers.put(message.requestId(), message);
                if (before != null && !isPassing(before)) {
                    assertEquals(before.result(), message.result());
                    assertEquals(before.streamId(), message.streamId());
                    assertEquals(before.detail(), message.detail());
                }
            }
        }
        for (long id = 1; id <= requestCount; id++) {
            assertNotNull(answers.get(id), "request " + id + " has no answer");
        }
    }

    private static boolean isPassing(final FaultBed.Message message) {
        return switch (-message.result()) {
            case 1007, 1008, 2009, 3013 -> true;
            default -> false;
        };
    }

    private static void checkChains(final FaultBed bed) {
        final Map<String, EffectAction> expected = new TreeMap<>();
        final Map<String, EffectAction> found = new TreeMap<>();
        for (final var streams : bed.service.state().scopes().values()) {
            for (final Stream stream : streams.values()) {
                final EffectAction last =
                        switch (stream.state()) {
                            case ACTIVE -> EffectAction.CREATE_SEGMENT;
                            case SEALED -> EffectAction.SEAL_SEGMENT;
                            default -> throw new AssertionError(stream.state());
                        };
                for (final Segment segment : stream.segments()) {
                    expected.put(segment.chain() + ":" + stream.id() + "/" + segment.id(), last);
                }
            }
        }
        for (int chain = 1; chain <= bed.chains.size(); chain++) {
            for (final var segment : bed.chains.get(chain - 1).segments.entrySet()) {
                if (segment.getValue() != EffectAction.DELETE_SEGMENT) {
                    found.put(chain + ":" + segment.getKey(), segment.getValue());
                }
            }
        }
        assertEquals(expected, found);
    }

    private static void checkReplay(final FaultBed bed) {
        final StateBed replay = new StateBed(ControlLimits.DEFAULT);
        long position = 0;
        for (final byte[] command : bed.committedCommands) {
            replay.state.apply(new UnsafeBuffer(command), 0, command.length, ++position, replay);
        }
        assertEquals(replay.state.stateHash(), bed.service.state().stateHash());
    }
}
