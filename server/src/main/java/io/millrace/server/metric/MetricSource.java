package io.millrace.server.metric;

/** Gives metrics with their values, the buckets of a histogram one after the other and its sum behind them. */
@FunctionalInterface
public interface MetricSource {
    /**
     * Visits all of them, always in the same order.
     *
     * @param visitor is told.
     */
    void forEach(Visitor visitor);

    /** Is told of metrics. */
    @FunctionalInterface
    interface Visitor {
        /**
         * Takes one.
         *
         * @param metric with its label, kind and help.
         * @param value of the moment.
         */
        void onMetric(Metric metric, long value);
    }
}
