package io.millrace.testsupport;

import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class that leaves something open, see {@link OpenResources}. Registered by itself (JUnit's automatic
 * detection) in every module that has this one on its test class path; of nested classes the outermost is watched.
 *
 * <p><b>Threading</b>: the thread of the tests. What other threads close is waited for, a few seconds at most.
 */
public final class LeakWatch implements BeforeAllCallback, AfterAllCallback {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(LeakWatch.class);
    private static final long PAUSE_NS = 20_000_000;
    private static final int PATIENCE = 150;

    /** Made by JUnit. */
    public LeakWatch() {}

    @Override
    public void beforeAll(final ExtensionContext context) {
        if (isOutermost(context)) {
            context.getStore(NAMESPACE).put(context.getRequiredTestClass(), OpenResources.now());
        }
    }

    @Override
    public void afterAll(final ExtensionContext context) {
        final OpenResources before =
                context.getStore(NAMESPACE).remove(context.getRequiredTestClass(), OpenResources.class);
        if (before == null || !isOutermost(context)) {
            return;
        }
        List<String> left = OpenResources.now().since(before);
        for (int i = 0; i < PATIENCE && !left.isEmpty(); i++) {
            LockSupport.parkNanos(PAUSE_NS);
            left = OpenResources.now().since(before);
        }
        if (!left.isEmpty()) {
            throw new AssertionError(
                    context.getRequiredTestClass().getSimpleName() + " left open:\n  " + String.join("\n  ", left));
        }
    }

    private static boolean isOutermost(final ExtensionContext context) {
        return context.getRequiredTestClass().getEnclosingClass() == null;
    }
}
