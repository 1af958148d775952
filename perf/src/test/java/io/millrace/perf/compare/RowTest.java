package io.millrace.perf.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.perf.load.Percentiles;
import io.millrace.perf.report.JsonFields;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Rows have the promised shape, and say what was judged. */
@Timeout(20)
final class RowTest {
    private static final Percentiles MICROS = new Percentiles(1, 2, 3, 4, 5, 6);

    @Test
    void shouldHaveExactlyThePromisedFieldsWhenWritten() {
        final Row ours = new Row("millrace-1", "W1", 10_000, true, 3, MICROS, 9_999.5, null, null, false, null);
        assertEquals(
                "{\"system\":\"millrace-1\",\"workload\":\"W1\",\"rate\":10000,\"durable\":true,\"runs\":3,"
                        + "\"micros\":{\"p50\":1,\"p90\":2,\"p99\":3,\"p99_9\":4,\"p99_99\":5,\"max\":6},"
                        + "\"eventsPerSecond\":9999.5,\"ratioToOurs\":{\"p50\":1,\"p99\":1},\"disturbed\":false,"
                        + "\"skipped\":null}",
                ours.beside(ours).toJson().toString());
        assertEquals(
                "{\"system\":\"nats\",\"workload\":\"W4\",\"rate\":50000,\"durable\":false,\"runs\":0,\"micros\":null,"
                        + "\"eventsPerSecond\":null,\"ratioToOurs\":null,\"disturbed\":false,\"skipped\":\"no package\"}",
                Row.skipped("nats", "W4", 50_000, "no package")
                        .beside(ours)
                        .toJson()
                        .toString());
    }

    @Test
    void shouldDivideTheirsByOursWhenTheRateIsTheSame() {
        final Row ours = new Row("millrace-1", "W1", 10_000, true, 3, MICROS, 1, null, null, false, null);
        final Row theirs =
                new Row("peer", "W1", 10_000, true, 3, new Percentiles(2, 2, 9, 9, 9, 9), 1, null, null, false, null);
        assertEquals(2.0, theirs.beside(ours).ratioP50());
        assertEquals(3.0, theirs.beside(ours).ratioP99());
        final Row elsewhere = new Row("millrace-1", "W1", 50_000, true, 3, MICROS, 1, null, null, false, null);
        assertNull(theirs.beside(elsewhere).ratioP50(), "another rate");
        assertNull(theirs.beside(null).ratioP50(), "ours was skipped");
    }

    @Test
    void shouldTakeMediansAndSpreadWhenThereAreSeveralRuns() {
        final Result result =
                FixedResults.results(FixedResults.cell(Workload.W1, 10_000)).get(0);
        final Result.Part part = result.parts().get(0);
        final Row row = result.row(part);
        assertNotNull(row.micros());
        assertEquals(130, row.micros().p50(), 1);
        assertTrue(row.durable());
        assertEquals(3, row.runs());
        final JsonFields details = JsonFields.parse(result.details(part).toString());
        assertEquals(120, Double.parseDouble(details.get("spread.p50.0", "")), 1);
        assertEquals(140, Double.parseDouble(details.get("spread.p50.1", "")), 1);
        assertEquals(8000, Double.parseDouble(details.get("flushesPerSecond", "")), 1);
        assertEquals("50", details.get("acknowledgementShares.0.percentile"));
        assertEquals("99.9", details.get("acknowledgementShares.3.percentile"));
    }

    @Test
    void shouldNotBeDurableWhenTheDeviceWasNotFlushed() {
        final List<Result> results = FixedResults.results(FixedResults.cell(Workload.W1, 10_000));
        assertFalse(results.get(3).row(results.get(3).parts().get(0)).durable());
        assertTrue(results.get(2).row(results.get(2).parts().get(0)).durable());
    }

    @Test
    void shouldTellWhatWasSeenAndWhatWasAcknowledgedWhenThereIsATailReader() {
        final Workload.Cell cell = FixedResults.cell(Workload.W4, 10_000);
        final Result result =
                new Result(cell, "millrace-1", List.of(FixedResults.run(130, 80_000, "ack", "seen")), 1, null);
        assertEquals(
                List.of("W4", "W4-ack"),
                result.parts().stream().map(Result.Part::name).toList());
        final Row seen = result.row(result.parts().get(0));
        assertNotNull(seen.micros());
        assertEquals(260, seen.micros().p50(), 2);
    }

    @Test
    void shouldQuoteOnlyTheSearchesThatFoundARate() {
        final Workload.Cell cell = FixedResults.cell(Workload.W3, 10_000);
        final Run held = FixedResults.run(130, 80_000, "ack");
        final Run none = FixedResults.run(90_000, 80_000, false, "ack");
        final Result result = new Result(cell, "millrace-1", List.of(held, none, none), 3, null);
        final Row row = result.row(result.parts().get(0));
        assertNotNull(row.micros());
        assertEquals(130, row.micros().p50(), 1);
        assertEquals(1, row.runs());
        final Result nothing = new Result(cell, "millrace-1", List.of(none), 3, null);
        assertEquals(0, nothing.row(nothing.parts().get(0)).runs());
    }
}
