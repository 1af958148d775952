package io.millrace.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the modules of the data path do without: futures, locks, executors, java.util.stream, threads of their own. */
@Timeout(60)
final class DataPathTest {
    private static final List<String> MODULES = List.of("transport", "journal", "store", "replication");

    /**
     * Class that may use one type of the forbidden ones → that type. Each line says why. An inner class counts as its
     * outermost one.
     */
    private static final Map<String, String> EXCEPTIONS = Map.of(
            // parks, i.e. sleeps, when there is no work: the kernel wait of the fallback backend; nothing is locked
            "io.millrace.journal.channel.ChannelDevice", "java.util.concurrent.locks.LockSupport",
            // the second thread of its backend: both sleep when there is no work and are woken; nothing is locked
            "io.millrace.journal.pwritev2.WriteWorker", "java.util.concurrent.locks.LockSupport",
            // reads an address: at start-up and once for each session that is opened, never for a frame of events
            "io.millrace.transport.HostPort", "java.util.stream.IntStream",
            // makes the client's name printable: once for each session that is opened
            "io.millrace.transport.OpenRequest", "java.util.stream.IntStream");

    private static final Pattern MONITOR = Pattern.compile("(?m)^(?!\\s*(\\*|//|/\\*)).*\\bsynchronized\\b");

    private static final DescribedPredicate<JavaClass> FORBIDDEN =
            describe("are futures, locks, executors, streams or threads", type -> {
                final String name = type.getName();
                return type.getPackageName().equals("java.util.stream")
                        || type.getPackageName().startsWith("java.util.concurrent.locks")
                        || type.isAssignableTo("java.util.concurrent.Future")
                        || type.isAssignableTo("java.util.concurrent.CompletionStage")
                        || type.isAssignableTo("java.util.concurrent.Executor")
                        || name.equals("java.util.concurrent.Executors")
                        || name.equals("java.util.Timer");
            });

    @Test
    void shouldUseNoFutureLockExecutorOrStreamWhenTheModuleIsOfTheDataPath() {
        for (final String module : MODULES) {
            noClasses()
                    .that(describe(
                            "stand in " + module + " and are no exception",
                            type -> type.getPackageName().concat(".").startsWith("io.millrace." + module + ".")
                                    && !EXCEPTIONS.containsKey(outermost(type))))
                    .should()
                    .dependOnClassesThat(FORBIDDEN)
                    .because("the state of the data path is visible in its fields and moves on one thread")
                    .check(MainClasses.ALL);
        }
    }

    @Test
    void shouldUseTheExceptedTypeAndNoOtherWhenAClassIsAnException() {
        EXCEPTIONS.forEach((className, excepted) -> {
            final List<String> used = new ArrayList<>();
            MainClasses.ALL.get(className).getDirectDependenciesFromSelf().forEach(dependency -> {
                final JavaClass target = dependency.getTargetClass();
                if (FORBIDDEN.test(target) && !used.contains(target.getName())) {
                    used.add(target.getName());
                }
            });
            assertEquals(List.of(excepted), used, className + " (take it from the list when it uses none)");
        });
    }

    @Test
    void shouldEnterNoMonitorWhenTheModuleIsOfTheDataPath() {
        for (final Path file : SourceTree.files(".java")) {
            final String name = SourceTree.name(file);
            if (name.contains("/src/main/") && MODULES.contains(name.substring(0, name.indexOf('/')))) {
                assertTrue(!MONITOR.matcher(SourceTree.text(file)).find(), name + " uses synchronized");
            }
        }
    }

    private static String outermost(final JavaClass type) {
        final int dollar = type.getName().indexOf('$');
        return dollar < 0 ? type.getName() : type.getName().substring(0, dollar);
    }
}
