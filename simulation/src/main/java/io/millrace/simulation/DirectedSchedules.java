package io.millrace.simulation;

import java.util.ArrayList;
import java.util.List;

/**
 * All directed schedules.
 *
 * <p><b>Threading</b>: pure.
 */
final class DirectedSchedules {
    private DirectedSchedules() {}

    /** Lists them. */
    static List<Schedule> all() {
        final List<Schedule> schedules = new ArrayList<>(DurabilitySchedules.all());
        schedules.addAll(EpochSchedules.all());
        schedules.addAll(DeviceSchedules.all());
        return schedules;
    }
}
