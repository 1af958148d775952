package io.millrace.control;

/**
 * The rules of reconfiguration, each with a switch. A cluster runs with {@link #ALL}; tests switch one rule off to see
 * that their checks catch what it prevents.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param eligibleByK only a replica that holds everything that may have been acknowledged is eligible; off: every
 *     member that is sealed.
 * @param minimumToInstall nothing is installed below the minimum of eligible replicas (P3).
 * @param amnesiaCountsForNothing a replica that lost its record of membership neither bounds K nor is eligible (P5).
 * @param onlyCompleteEligible a learner that is not complete is not eligible (P8).
 * @param uncertainDecidesNotAlone a replica with an uncertain tail bounds K only together with another one (P4).
 * @param damagedNotEligible a replica with damaged ranges neither bounds K nor is eligible.
 * @param installBoundToIncarnation a configuration names the incarnations that answered Seal, and a member with another
 *     one is a reason to seal (D1).
 * @param lateReportIgnored a report of another epoch or incarnation than the one asked for changes nothing.
 * @param memberMustBeSealed at least one member of the installed epoch has answered.
 * @param floorBoundsK K is never below the floor of the installed epoch.
 * @param historyKept logs are judged by where every later epoch began; off: whatever is in them is valid.
 * @param incarnationIssuedOnce every start of a node gets a new incarnation.
 */
public record ControlRules(
        boolean eligibleByK,
        boolean minimumToInstall,
        boolean amnesiaCountsForNothing,
        boolean onlyCompleteEligible,
        boolean uncertainDecidesNotAlone,
        boolean damagedNotEligible,
        boolean installBoundToIncarnation,
        boolean lateReportIgnored,
        boolean memberMustBeSealed,
        boolean floorBoundsK,
        boolean historyKept,
        boolean incarnationIssuedOnce) {
    /** Every rule holds. */
    public static final ControlRules ALL =
            new ControlRules(true, true, true, true, true, true, true, true, true, true, true, true);

    /** Number of rules. */
    public static final int COUNT = 12;

    /**
     * Returns the rules with one switched off; for tests only.
     *
     * @param rule index in the order of declaration, from 0.
     * @return all others on.
     */
    public static ControlRules without(final int rule) {
        return new ControlRules(
                rule != 0,
                rule != 1,
                rule != 2,
                rule != 3,
                rule != 4,
                rule != 5,
                rule != 6,
                rule != 7,
                rule != 8,
                rule != 9,
                rule != 10,
                rule != 11);
    }
}
