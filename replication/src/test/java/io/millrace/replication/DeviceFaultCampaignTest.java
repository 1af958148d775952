package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.control.EffectAction;
import io.millrace.codec.wire.StartAt;
import io.millrace.journal.faulty.Fault;
import io.millrace.journal.faulty.FaultyDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Writers and a reader over a device thread whose device fails, comes late, and is cut off from power again and again:
 * what was acknowledged is readable afterwards, each writer's events once and in order; what a reader gets in between,
 * with reads that fail or bring wrong bytes, is the beginning of that.
 *
 * <p>{@code -Dmillrace.campaign.rounds=} more power cuts, {@code -Dmillrace.campaign.seed=} another campaign.
 */
@Timeout(1800)
final class DeviceFaultCampaignTest {
    private static final long SEED = Long.getLong("millrace.campaign.seed", 20_261_124L);
    private static final int ROUNDS = Integer.getInteger("millrace.campaign.rounds", 25);
    private static final int WRITERS = 3;

    private final Random random = new Random(SEED);
    private final Bed bed = new Bed();
    private final List<List<String>> sent = new ArrayList<>();
    private final long[] acknowledged = new long[WRITERS];
    private int fencedCount;

    @Test
    void shouldKeepEachAcknowledgedEventOnceWhenTheDeviceFailsAndThePowerGoes() {
        System.out.println("seed " + SEED + ": repeat with -Dmillrace.campaign.seed=" + SEED);
        for (int writer = 0; writer < WRITERS; writer++) {
            sent.add(new ArrayList<>());
        }
        try (bed) {
            bed.effect(1, EffectAction.CREATE_SEGMENT);
            for (int round = 0; round < ROUNDS; round++) {
                readWithFaults();
                write(round);
                bed.crashAndRestart();
            }
            final Bed.Client reader = bed.connect("last reader");
            reader.subscribe(1, StartAt.HEAD, 0, 1 << 30);
            bed.until("all bytes", () -> reader.read.size() == bed.segmentLength());
            check(reader.events(), true);
        }
        assertTrue(fencedCount > 0, "no fault hit");
    }

    private void write(final int round) {
        final List<Bed.Client> clients = new ArrayList<>();
        for (int writer = 0; writer < WRITERS; writer++) {
            final Bed.Client client =
                    bed.connect("writer " + writer + " " + round).writer(id(writer));
            final List<String> events = sent.get(writer);
            final int w = writer;
            assertTrue(
                    client.readyLast >= acknowledged[writer],
                    () -> "acknowledged " + acknowledged[w] + ", recovered " + client.readyLast);
            assertTrue(client.readyLast <= events.size(), "recovered what was never sent");
            events.subList((int) client.readyLast, events.size()).clear();
            acknowledged[writer] = client.readyLast;
            client.acked = client.readyLast;
            clients.add(client);
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            bed.device.onWrite(bed.device.writeCount() + 1 + random.nextInt(40), fault());
        }
        final int steps = random.nextInt(60);
        for (int step = 0; step < steps && bed.agent.fencedReason() == null; step++) {
            bed.device.hold(random.nextInt(5) == 0);
            append(clients, round);
            bed.turns(random.nextInt(12));
            assertTrue(
                    bed.device.failedWriteCount() == 0 || bed.agent.fencedReason() != null,
                    "a write failed and the device goes on");
        }
        if (bed.agent.fencedReason() != null) {
            fencedCount++;
            bed.device.hold(false);
            settle(clients);
            final long[] before =
                    clients.stream().mapToLong(client -> client.acked).toArray();
            append(clients, round);
            settle(clients);
            for (int writer = 0; writer < WRITERS; writer++) {
                assertEquals(before[writer], clients.get(writer).acked, "acknowledged after the device was fenced");
            }
        }
        for (int writer = 0; writer < WRITERS; writer++) {
            acknowledged[writer] = Math.max(acknowledged[writer], clients.get(writer).acked);
        }
    }

    /** Lets what is under way between node and clients arrive. */
    private void settle(final List<Bed.Client> clients) {
        long seen = -1;
        int quiet = 0;
        while (quiet < 50) {
            bed.turns(20);
            final long now = clients.stream().mapToLong(client -> client.acked).sum();
            quiet = now == seen ? quiet + 1 : 0;
            seen = now;
        }
    }

    private void append(final List<Bed.Client> clients, final int round) {
        final int writer = random.nextInt(WRITERS);
        final List<String> events = sent.get(writer);
        final String[] payloads = new String[1 + random.nextInt(5)];
        final long first = events.size() + 1L;
        for (int i = 0; i < payloads.length; i++) {
            payloads[i] = writer + " " + (first + i) + " " + round + " " + "x".repeat(random.nextInt(200));
            events.add(payloads[i]);
        }
        clients.get(writer).append(id(writer), first, payloads);
    }

    private Fault fault() {
        return switch (random.nextInt(7)) {
            case 0 -> Fault.fail(FaultyDevice.EIO);
            case 1 -> Fault.fail(FaultyDevice.ENODATA);
            case 2 -> Fault.fail(FaultyDevice.ENOSPC);
            case 3 -> Fault.shortBy(FaultyDevice.SECTOR * random.nextInt(8));
            case 4 -> Fault.fail(FaultyDevice.EAGAIN);
            default -> Fault.late(random.nextInt(300));
        };
    }

    /** The buffers are empty after a restart: everything comes from the device. */
    private void readWithFaults() {
        final long next = bed.device.readCount() + 1;
        final Fault fault =
                switch (random.nextInt(5)) {
                    case 0 -> Fault.fail(FaultyDevice.EIO);
                    case 1 -> Fault.shortBy(FaultyDevice.SECTOR * random.nextInt(8));
                    case 2 -> Fault.misdirected(4096L * random.nextInt(bed.medium.length / 4096));
                    default -> Fault.rotten(random.nextInt(1 << 19));
                };
        bed.device.onRead(next + random.nextInt(4), fault);
        final Bed.Client reader = bed.connect("reader " + next);
        reader.subscribe(1, StartAt.HEAD, 0, 1 << 30);
        for (int i = 0; i < 3_000 && reader.read.size() < bed.segmentLength() && reader.refusals.isEmpty(); i++) {
            bed.turn();
        }
        check(reader.events(), reader.read.size() == bed.segmentLength());
        bed.disconnect(reader);
    }

    private void check(final List<String> events, final boolean whole) {
        final int[] counts = new int[WRITERS];
        for (final String event : events) {
            final int writer = event.charAt(0) - '0';
            assertTrue(counts[writer] < sent.get(writer).size(), () -> "made up: " + event);
            assertEquals(sent.get(writer).get(counts[writer]), event);
            counts[writer]++;
        }
        for (int writer = 0; whole && writer < WRITERS; writer++) {
            assertTrue(counts[writer] >= acknowledged[writer], counts[writer] + " of " + acknowledged[writer]);
        }
    }

    private static long id(final int writer) {
        return 11L + writer;
    }
}
