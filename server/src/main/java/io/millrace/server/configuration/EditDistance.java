package io.millrace.server.configuration;

/** Levenshtein's distance, to find the name that was meant. <b>Threading:</b> pure. */
final class EditDistance {
    private EditDistance() {}

    /**
     * Counts the insertions, deletions and replacements that turn one text into the other.
     *
     * @param left one text.
     * @param right the other.
     * @return 0 when they are equal.
     */
    static int between(final String left, final String right) {
        int[] previous = new int[right.length() + 1];
        for (int j = 0; j <= right.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= left.length(); i++) {
            final int[] current = new int[right.length() + 1];
            current[0] = i;
            for (int j = 1; j <= right.length(); j++) {
                final int replaced = previous[j - 1] + (left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(replaced, Math.min(previous[j], current[j - 1]) + 1);
            }
            previous = current;
        }
        return previous[right.length()];
    }
}
