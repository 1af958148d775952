package io.millrace.perf.load;

import io.millrace.perf.system.Ability;
import io.millrace.perf.system.BenchSystem;
import io.millrace.perf.system.SystemContext;
import io.millrace.perf.system.Target;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * The system that does nothing, as a row of its own: the rig's error.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
public final class NullSystem implements BenchSystem {
    /** Its name in rows. */
    public static final String NAME = "null";

    /** For {@link java.util.ServiceLoader}. */
    public NullSystem() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean claimsDurable() {
        return false;
    }

    @Override
    public Set<Ability> abilities() {
        return EnumSet.of(Ability.APPEND);
    }

    @Override
    public void start(final SystemContext context) {
        context.log("the null system acknowledges at once");
    }

    @Override
    public Target openTarget() {
        return new NullTarget();
    }

    @Override
    public Map<String, String> describe() {
        return Map.of("what", "acknowledges in the turn of the offer: the rig's own error");
    }

    @Override
    public Set<Long> processIds() {
        return Set.of();
    }

    @Override
    public void close() {
        // it holds nothing
    }
}
