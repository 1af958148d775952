package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.StartAt;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which device holds which chain, and what a device says of a chain that it does not hold. */
@Timeout(30)
final class ChainPlacementTest {
    @Test
    void shouldPutEachChainOnOneDeviceAndChainZeroOnTheFirst() {
        for (int devices = 1; devices <= 8; devices++) {
            for (int chain = 0; chain <= 8; chain++) {
                int holders = 0;
                for (int device = 0; device < devices; device++) {
                    final ChainPlacement placement = new ChainPlacement(8, device, devices);
                    holders += placement.holds(chain) ? 1 : 0;
                    assertEquals(placement.holds(chain), placement.deviceOf(chain) == device);
                }
                assertEquals(1, holders, chain + " over " + devices);
            }
            assertTrue(new ChainPlacement(8, 0, devices).holds(0));
        }
        assertFalse(ChainPlacement.single(8).holds(9));
        assertFalse(ChainPlacement.single(8).holds(-1));
    }

    @Test
    void shouldRefuseDevicesThatWouldHoldNothing() {
        assertThrows(IllegalArgumentException.class, () -> new ChainPlacement(2, 0, 3));
        assertThrows(IllegalArgumentException.class, () -> new ChainPlacement(2, 2, 2));
        assertThrows(IllegalArgumentException.class, () -> new ChainPlacement(2, -1, 2));
    }

    @Test
    void shouldSayWrongNodeOfEveryFrameForAChainOfAnotherDevice() {
        try (Bed bed = new Bed(32 << 20, 4 << 20, new ChainPlacement(2, 1, 2))) {
            final Bed.Client client = bed.connect("asks the wrong one");
            client.setup(1, 0, false);
            bed.until("refused set-up", () -> client.refusals.size() == 1);
            client.bind(1, 5);
            bed.until("refused bind", () -> client.refusals.size() == 2);
            client.append(1, 1, "event");
            bed.until("refused append", () -> client.refusals.size() == 3);
            client.subscribe(9, StartAt.OFFSET, 0, 100);
            bed.until("refused subscription", () -> client.refusals.size() == 4);
            assertEquals(
                    List.of(RefusalCode.WRONG_NODE),
                    client.refusals.stream().distinct().toList());
        }
    }
}
