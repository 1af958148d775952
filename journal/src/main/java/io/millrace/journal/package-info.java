/**
 * The journal of one device: bytes and addresses, nothing of networks, streams or chains' meaning.
 *
 * <p>Threads: one device thread owns a {@code Journal}, its {@code BlockDevice} and its {@code JournalReader}s; format,
 * dump and verify run on the caller's thread before a node starts or beside it. Owned here: superblocks, batches, zones
 * (drawn in {@code docs/formats.md}) and the lock on the journal file. Not done here: waiting on the data path, reading
 * the clock without being given one, interpreting a record's body, answering for anything not yet durable. Backends lie
 * in {@code uring}, {@code channel}, {@code memory} and {@code faulty}; only {@code Backends} knows them.
 *
 * <p>Start with {@code Journal}, then {@code WriteRing}, {@code LogWalker} and {@code TailScan}.
 */
@NullMarked
package io.millrace.journal;

import org.jspecify.annotations.NullMarked;
