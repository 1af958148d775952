package io.millrace.client;

/** The states of a stream; they only move forward. */
public enum StreamState {
    /** Its segments are being made. */
    CREATING,
    /** Open to writers and readers. */
    ACTIVE,
    /** Its segments are being sealed. */
    SEALING,
    /** Takes no more events; can be read, and deleted. */
    SEALED,
    /** Its segments are being deleted. */
    DELETING
}
