package io.millrace.server.cli;

import io.millrace.codec.LogFormat;
import io.millrace.codec.LogRecords;
import io.millrace.codec.log.AppendBodyDecoder;
import io.millrace.codec.log.BatchHeaderDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.journal.DumpSummary;
import io.millrace.journal.Superblock;
import io.millrace.server.json.JsonWriter;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Says what lies in a journal file, as JSON or as lines.
 *
 * <p><b>Threading:</b> one thread.
 */
final class JournalDescription {
    private final RecordHeaderDecoder record = new RecordHeaderDecoder();
    private final AppendBodyDecoder append = new AppendBodyDecoder();

    /** Creates it. */
    JournalDescription() {}

    /**
     * Writes a superblock as an object.
     *
     * @param json to write to.
     * @param name A or B.
     * @param superblock null when it is not valid.
     * @param current whether it counts.
     */
    static void superblock(
            final JsonWriter json, final String name, final @Nullable Superblock superblock, final boolean current) {
        json.beginObject()
                .field("name", name)
                .field("valid", superblock != null)
                .field("current", current);
        if (superblock != null) {
            json.field("sequence", superblock.sequence())
                    .field("deviceUuid", superblock.deviceUuid().toString())
                    .field("nodeId", superblock.nodeId().toString())
                    .field("recoveryEpoch", superblock.recoveryEpoch())
                    .field("incarnation", superblock.incarnation())
                    .field("granule", superblock.granule())
                    .field("deviceLength", superblock.deviceLength())
                    .field("dataAddress", superblock.dataAddress())
                    .field("zoneLength", superblock.zoneLength())
                    .field("createdNs", superblock.createdNs());
        }
        json.end();
    }

    /**
     * Writes a superblock as a line.
     *
     * @param name A or B.
     * @param superblock null when it is not valid.
     * @param current whether it counts.
     * @return without line end.
     */
    static String superblock(final String name, final @Nullable Superblock superblock, final boolean current) {
        if (superblock == null) {
            return "superblock " + name + " is not valid";
        }
        return "superblock " + name + (current ? " (counts)" : "") + ": sequence " + superblock.sequence() + ", device "
                + superblock.deviceUuid() + ", node " + superblock.nodeId() + ", recovery epoch "
                + superblock.recoveryEpoch() + ", incarnation " + superblock.incarnation() + ", granule "
                + superblock.granule() + ", zone " + superblock.zoneLength() + ", length " + superblock.deviceLength()
                + ", made " + Words.instant(superblock.createdNs());
    }

    /**
     * Writes the members of a batch into an open object.
     *
     * @param json to write to.
     * @param batch header.
     */
    static void batch(final JsonWriter json, final BatchHeaderDecoder batch) {
        json.field("sequence", batch.batchSequence())
                .field("address", batch.address())
                .field("batchLength", batch.batchLength())
                .field("payloadLength", batch.payloadLength())
                .field("recordCount", batch.recordCount())
                .field("recoveryEpoch", batch.recoveryEpoch())
                .field("durableBatchSequence", batch.durableBatchSequence())
                .field("timestampNs", batch.timestampNs());
    }

    /**
     * Writes a batch as a line.
     *
     * @param batch header.
     * @return without line end.
     */
    static String batch(final BatchHeaderDecoder batch) {
        return "batch " + batch.batchSequence() + " at address " + batch.address() + ": " + batch.recordCount()
                + " records, " + batch.payloadLength() + " of " + batch.batchLength() + " bytes, recovery epoch "
                + batch.recoveryEpoch() + ", durable before " + batch.durableBatchSequence() + ", "
                + Words.instant(batch.timestampNs());
    }

    /**
     * Writes a record as an object.
     *
     * @param json to write to.
     * @param buffer holds the record.
     * @param index of its header.
     * @param length of header and body.
     */
    void record(final JsonWriter json, final DirectBuffer buffer, final int index, final int length) {
        record.wrap(buffer, index, RecordHeaderDecoder.BLOCK_LENGTH, RecordHeaderDecoder.SCHEMA_VERSION);
        json.beginObject()
                .field("chain", record.chain())
                .field("position", record.position())
                .field("kind", record.kind().name())
                .field("chainEpoch", record.chainEpoch())
                .field("commitMark", record.commitMark())
                .field("timestampNs", record.timestampNs())
                .field("effectNumber", record.effectNumber())
                .field("previousHash", Words.hash(record.previousHash()))
                .field("length", length);
        if (isAppend(buffer, index, length)) {
            json.field("streamId", append.streamId())
                    .field("segmentId", append.segmentId())
                    .field("segmentOffset", append.segmentOffset())
                    .field("writer", writer())
                    .field("firstEventNumber", append.firstEventNumber())
                    .field("eventCount", append.eventCount());
        }
        json.end();
    }

    /**
     * Writes a record as a line.
     *
     * @param buffer holds the record.
     * @param index of its header.
     * @param length of header and body.
     * @return without line end.
     */
    String record(final DirectBuffer buffer, final int index, final int length) {
        record.wrap(buffer, index, RecordHeaderDecoder.BLOCK_LENGTH, RecordHeaderDecoder.SCHEMA_VERSION);
        final StringBuilder text = new StringBuilder(128);
        text.append("  chain ").append(record.chain()).append(" position ").append(record.position());
        text.append(' ').append(record.kind()).append(", ").append(length).append(" bytes, epoch ");
        text.append(record.chainEpoch()).append(", committed ").append(record.commitMark());
        if (record.effectNumber() != 0) {
            text.append(", effect ").append(record.effectNumber());
        }
        if (isAppend(buffer, index, length)) {
            text.append(", stream ")
                    .append(append.streamId())
                    .append(" segment ")
                    .append(append.segmentId());
            text.append(" offset ").append(append.segmentOffset()).append(", events ");
            text.append(append.firstEventNumber()).append(" +").append(append.eventCount());
            text.append(" of writer ").append(writer());
        }
        return text.toString();
    }

    private boolean isAppend(final DirectBuffer buffer, final int index, final int length) {
        final boolean isAppend = record.kind() == RecordKind.APPEND || record.kind() == RecordKind.APPEND_FRAGMENT;
        if (isAppend && LogRecords.check(buffer, index, index + length) > 0) {
            append.wrap(
                    buffer,
                    index + LogFormat.RECORD_HEADER_LENGTH,
                    AppendBodyDecoder.BLOCK_LENGTH,
                    AppendBodyDecoder.SCHEMA_VERSION);
            return true;
        }
        return false;
    }

    private String writer() {
        return Words.hash(append.writerIdHigh()) + Words.hash(append.writerIdLow());
    }

    /**
     * Writes the end of a report into an open object.
     *
     * @param json to write to.
     * @param summary what was found.
     */
    static void summary(final JsonWriter json, final DumpSummary summary) {
        json.field("device", summary.device())
                .field("sound", summary.isSound())
                .field("batchCount", summary.batchCount())
                .field("recordCount", summary.recordCount())
                .field("badSuperblockCount", summary.badSuperblockCount())
                .field("endAddress", summary.endAddress())
                .field("endSequence", summary.endSequence())
                .field("tail", summary.tail().name())
                .field("detail", summary.detail())
                .field("scannedBytes", summary.scannedBytes());
        if (summary.fault() != null && summary.isSound()) {
            json.name("notice")
                    .beginObject()
                    .field("code", summary.fault().id())
                    .field("message", summary.message())
                    .end();
        }
    }

    /**
     * Writes the end of a report as a line.
     *
     * @param summary what was found.
     * @return without line end.
     */
    static String summary(final DumpSummary summary) {
        final String tail =
                switch (summary.tail()) {
                    case CLEAN -> "nothing";
                    case STALE -> "batches of an earlier run, cut off by a recovery";
                    case UNCERTAIN -> "an incomplete batch that nothing proves durable";
                    case FULL -> "the end of the device";
                    case CORRUPT -> "damage";
                };
        return summary.batchCount() + " batches, " + summary.recordCount() + " records; then, at address "
                + summary.endAddress() + ", " + tail
                + (summary.badSuperblockCount() > 0 ? "; one superblock is not valid" : "");
    }
}
