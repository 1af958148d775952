package io.millrace.control;

import io.millrace.codec.Names;
import io.millrace.codec.wire.CreateStreamDecoder;
import io.millrace.codec.wire.DescribeClusterDecoder;
import io.millrace.codec.wire.ListStreamsDecoder;
import io.millrace.codec.wire.RefusalCode;
import org.jspecify.annotations.Nullable;

/**
 * Finds what is wrong with a metadata request by itself: such a refusal goes at once, it depends on no state.
 *
 * <p><b>Threading:</b> no state.
 */
final class RequestCheck {
    private RequestCheck() {}

    /**
     * Checks a request.
     *
     * @param request its fields.
     * @param limits of the control plane.
     * @return why it is refused, or null.
     */
    static @Nullable RefusalCode check(final MetadataRequest request, final ControlLimits limits) {
        final OperatorOrder order = request.order();
        if (order != null) {
            return order.check();
        }
        if (request.templateId() == DescribeClusterDecoder.TEMPLATE_ID) {
            return null;
        }
        if (request.templateId() == ListStreamsDecoder.TEMPLATE_ID) {
            final boolean scopeOk = request.scopeName().isEmpty() || Names.isValid(request.scopeName());
            final boolean afterOk = request.after().isEmpty() || Names.slashIndex(request.after()) > 0;
            return scopeOk && afterOk ? null : RefusalCode.BAD_NAME;
        }
        if (!isUsable(request.scopeName()) || (request.isAboutStream() && !isUsable(request.streamName()))) {
            return RefusalCode.BAD_NAME;
        }
        if (request.templateId() == CreateStreamDecoder.TEMPLATE_ID
                && (request.segmentCount() < 1 || request.segmentCount() > limits.maxSegmentsPerStream())) {
            return RefusalCode.BAD_SEGMENT_COUNT;
        }
        return request.header().length > limits.maxHeaderLength() ? RefusalCode.LIMIT_REACHED : null;
    }

    /**
     * Returns the number that helps to understand a refusal.
     *
     * @param request that was refused.
     * @param refusal why.
     * @param limits of the control plane.
     * @return a limit, or 0.
     */
    static long limitOf(final MetadataRequest request, final RefusalCode refusal, final ControlLimits limits) {
        final OperatorOrder order = request.order();
        return switch (refusal) {
            case BAD_SEGMENT_COUNT -> limits.maxSegmentsPerStream();
            case LIMIT_REACHED -> order == null ? limits.maxHeaderLength() : order.limit();
            default -> 0;
        };
    }

    /**
     * Tells whether a user may give a name.
     *
     * @param name of a scope or a stream.
     * @return true when it is valid and not reserved.
     */
    static boolean isUsable(final String name) {
        return Names.isValid(name) && !Names.isReserved(name);
    }
}
