package io.millrace.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Module directions, exactly as the table in ARCHITECTURE.md. */
@Timeout(60)
final class ModuleDirectionTest {
    private static final Pattern OWN_DEPENDENCY =
            Pattern.compile("<dependency><groupId>io\\.millrace</groupId><artifactId>millrace-([a-z-]+)</artifactId>");

    static List<String> modules() {
        return List.copyOf(ModuleTable.read().keySet());
    }

    @Test
    void shouldListEveryModuleWhenTheTableIsRead() {
        final Set<String> named = new TreeSet<>(ModuleTable.read().keySet());
        named.addAll(ModuleTable.TESTS_ONLY);
        assertEquals(new TreeSet<>(ModuleTable.modulesOfParentPom()), named, "ARCHITECTURE.md, table \"The rooms\"");
        for (final Map.Entry<String, Set<String>> row : ModuleTable.read().entrySet()) {
            assertTrue(named.containsAll(row.getValue()), "unknown module in the row of " + row);
        }
    }

    @ParameterizedTest
    @MethodSource("modules")
    void shouldUseOnlyModulesOfTheTableWhenMainCodeIsCompiled(final String module) {
        final Map<String, Set<String>> table = ModuleTable.read();
        final List<String> forbidden = new ArrayList<>();
        for (final String other : table.keySet()) {
            if (!other.equals(module) && !table.getOrDefault(module, Set.of()).contains(other)) {
                forbidden.add(ModuleTable.packageOf(other));
            }
        }
        noClasses()
                .that()
                .resideInAPackage(ModuleTable.packageOf(module))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(forbidden.toArray(new String[0]))
                .because("ARCHITECTURE.md lets " + module + " use " + table.get(module))
                .check(MainClasses.ALL);
    }

    @ParameterizedTest
    @MethodSource("modules")
    void shouldDependOnlyOnModulesOfTheTableWhenThePomIsRead(final String module) {
        final Set<String> allowed = ModuleTable.read().getOrDefault(module, Set.of());
        final Matcher dependency = OWN_DEPENDENCY.matcher(
                SourceTree.text(SourceTree.root().resolve(module).resolve("pom.xml")));
        while (dependency.find()) {
            assertTrue(
                    allowed.contains(dependency.group(1)) || dependency.group(1).equals("test-support"),
                    module + "/pom.xml names millrace-" + dependency.group(1));
        }
    }

    @Test
    void shouldHaveNoPathFromTheClientToTheNodeWhenTheTableIsFollowed() {
        final Map<String, Set<String>> table = ModuleTable.read();
        final Set<String> reached = new TreeSet<>();
        final List<String> open = new ArrayList<>(List.of("client"));
        while (!open.isEmpty()) {
            for (final String next : table.getOrDefault(open.remove(open.size() - 1), Set.of())) {
                if (reached.add(next)) {
                    open.add(next);
                }
            }
        }
        assertEquals(Set.of("codec", "transport"), reached);
    }

    @Test
    void shouldBeUsedByNobodyWhenTheModuleIsTheServer() {
        ModuleTable.read().forEach((module, mayUse) -> assertFalse(mayUse.contains("server"), module));
    }

    @Test
    void shouldBeUsedByNobodyWhenTheModuleIsTheSimulation() {
        ModuleTable.read().forEach((module, mayUse) -> assertFalse(mayUse.contains("simulation"), module));
    }

    @Test
    void shouldBeReachedThroughTheJournalOnlyWhenTheClassIsOfABackend() {
        noClasses()
                .that()
                .resideOutsideOfPackages(ModuleTable.packageOf("journal"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.millrace.journal.uring..",
                        "io.millrace.journal.channel..",
                        "io.millrace.journal.memory..",
                        "io.millrace.journal.faulty..")
                .because("a port's backends stand behind it: Journal chooses one, perf measures through BlockDevice")
                .check(MainClasses.ALL);
    }

    @Test
    void shouldNotKnowEachOtherWhenClassesAreOfTwoBackends() {
        for (final String backend : List.of("uring", "channel", "memory")) {
            noClasses()
                    .that()
                    .resideInAPackage("io.millrace.journal." + backend + "..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(List.of("uring", "channel", "memory", "faulty").stream()
                            .filter(other -> !other.equals(backend))
                            .map(other -> "io.millrace.journal." + other + "..")
                            .toArray(String[]::new))
                    .check(MainClasses.ALL);
        }
    }
}
