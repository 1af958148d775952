package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.host.Budget;
import io.millrace.store.StoreLimits;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The limits a node gives its chains must fit the heap it prints. */
@Timeout(20)
final class NodeLimitsTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 8, 64})
    void shouldKeepTheIndexesOfAllChainsInTheirPartOfTheHeap(final int chains) {
        final NodeConfiguration configuration = NodeConfiguration.builder()
                .set("chains", Integer.toString(chains), "test")
                .conclude();
        final long heapBytes = 256L << 20;

        final StoreLimits limits = Node.storeLimits(configuration, heapBytes);

        final long indexBytes = (long) chains * limits.maxIndexEntries() * StoreLimits.INDEX_ENTRY_BYTES;
        assertTrue(indexBytes <= Budget.of(configuration, heapBytes).indexBytes(), indexBytes + " bytes");
        assertTrue(indexBytes >= 32L << 20, indexBytes + " bytes");
    }

    @Test
    void shouldNotExceedTheStoresOwnLimitWhenTheHeapIsLarge() {
        final StoreLimits limits = Node.storeLimits(NodeConfiguration.builder().conclude(), 64L << 30);

        assertEquals(StoreLimits.defaults(), limits);
    }
}
