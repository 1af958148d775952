package io.millrace.architecture;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The table "The rooms" of ARCHITECTURE.md: module → modules that its main code may use. The document is the rule.
 *
 * <p><b>Threading</b>: immutable.
 */
final class ModuleTable {
    private static final Pattern ROW = Pattern.compile("^\\| \\[`([a-z-]+)/`\\]\\(\\1\\) \\|[^|]*\\| ([^|]+) \\|$");
    /** Modules that no product has: their main code, where there is any, is for tests and measurements. */
    static final Set<String> TESTS_ONLY = Set.of("architecture-tests", "benchmarks", "fuzz", "peers", "test-support");

    private ModuleTable() {}

    /**
     * Reads the table.
     *
     * @return in the document's order, without those that are for tests only
     */
    static Map<String, Set<String>> read() {
        final Map<String, Set<String>> table = new LinkedHashMap<>();
        for (final String line :
                SourceTree.text(SourceTree.root().resolve("ARCHITECTURE.md")).split("\n", -1)) {
            final Matcher row = ROW.matcher(line);
            if (row.matches() && !TESTS_ONLY.contains(row.group(1))) {
                table.put(row.group(1), mayUse(row.group(2), table.keySet()));
            }
        }
        return table;
    }

    private static Set<String> mayUse(final String cell, final Set<String> above) {
        final Set<String> modules = new TreeSet<>();
        if (cell.equals("all of the above")) {
            modules.addAll(above);
        } else if (!cell.equals("nothing of ours")) {
            modules.addAll(List.of(cell.split(", ", -1)));
        }
        return modules;
    }

    /**
     * Lists the modules of the parent pom.
     *
     * @return folder names
     */
    static List<String> modulesOfParentPom() {
        final Matcher module = Pattern.compile("<module>([^<]+)</module>")
                .matcher(SourceTree.text(SourceTree.root().resolve("pom.xml")));
        final List<String> modules = new ArrayList<>();
        while (module.find()) {
            modules.add(module.group(1));
        }
        return modules;
    }

    /**
     * Returns the package of a module.
     *
     * @param module folder name
     * @return ArchUnit package pattern
     */
    static String packageOf(final String module) {
        return "io.millrace." + (module.equals("control-plane") ? "control" : module) + "..";
    }
}
