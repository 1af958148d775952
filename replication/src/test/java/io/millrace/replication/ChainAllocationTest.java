package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Three replicas in their steady state: records pass, commit and are applied without an allocation per record. */
@Timeout(120)
final class ChainAllocationTest {
    private static final int RECORDS_A_TURN = 20;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private long number;

    @Test
    void shouldNotAllocatePerRecordWhenRecordsPassTheChain() {
        try (ChainBed bed = ChainBed.plain(3).begin(3)) {
            run(bed, 4_000);
            long allocated = Long.MAX_VALUE;
            for (int window = 0; window < 4; window++) {
                allocated = Math.min(allocated, run(bed, 1_000));
            }
            bed.settle();
            assertEquals(number + 2, bed.nodes[0].view().commitPosition());
            assertEquals(number + 2, bed.nodes[1].view().appliedPosition());
            assertTrue(allocated < 1_024, "allocated " + allocated + " bytes for 20,000 records on three replicas");
        }
    }

    private long run(final ChainBed bed, final int turns) {
        long allocated = 0;
        for (int turn = 0; turn < turns; turn++) {
            for (int i = 0; i < RECORDS_A_TURN && bed.nodes[0].replica.takesRecords(); i++) {
                bed.nodes[0].append(++number, "an event of some length");
            }
            final long before = threads.getCurrentThreadAllocatedBytes();
            bed.deliver();
            bed.turns(1);
            allocated += threads.getCurrentThreadAllocatedBytes() - before;
        }
        return allocated;
    }
}
