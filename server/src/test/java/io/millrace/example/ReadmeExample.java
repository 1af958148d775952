package io.millrace.example;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.millrace.client.EventReader;
import io.millrace.client.EventView;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamPosition;
import java.time.Duration;

/** Creates a stream, writes an event and reads it back. Argument: host:port of a node. */
public final class ReadmeExample {
    private ReadmeExample() {}

    /**
     * Runs the example.
     *
     * @param args host:port
     */
    // README begin
    public static void main(final String[] args) {
        try (Millrace millrace = Millrace.connect(args[0])) { // host:port of a node
            millrace.streams().createStream("demo/ticks", StreamConfiguration.fixed(4));
            try (EventWriter writer = millrace.openWriter("demo/ticks");
                    EventReader reader = millrace.openReader("demo/ticks", StreamPosition.HEAD)) {
                writer.append("AAPL", "187.20".getBytes(UTF_8)); // returns when it is durable
                writer.append("AAPL", "187.21".getBytes(UTF_8)); // same key: same order
                EventView event = reader.read(Duration.ofSeconds(5)); // null when there is none in time
                System.out.println(event == null ? "nothing" : event.asText());
            }
        }
    }
    // README end
}
