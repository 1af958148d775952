package io.millrace.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;

class ReplyChannelPropertyTest {
    @Property
    void shouldReadWhatItWritesWhenTheAddressIsUnicast(
            @ForAll @IntRange(min = 1, max = 223) final int first,
            @ForAll @IntRange(max = 255) final int second,
            @ForAll @IntRange(min = 1, max = 65_535) final int port) {
        final String endpoint = first + "." + second + ".3.4:" + port;
        final ReplyChannel channel = ReplyChannel.parse("aeron:udp?endpoint=" + endpoint);
        assertNotNull(channel);
        assertNotNull(channel.address());
        assertEquals(endpoint, HostPort.text(channel.address(), channel.port()));
    }

    @Property
    void shouldKeepToItsShapeWhenTheTextIsArbitrary(
            @ForAll
                    @StringLength(max = 40)
                    @Chars({'0', '1', '9', '.', ':', '[', ']', 'a', 'f', 'x', '|', '=', '%', '-'})
                    final String endpoint) {
        final ReplyChannel channel = ReplyChannel.parse("aeron:udp?endpoint=" + endpoint);
        if (channel != null) {
            assertNotNull(channel.address());
            final String canonical = "aeron:udp?endpoint=" + HostPort.text(channel.address(), channel.port());
            assertEquals(channel, ReplyChannel.parse(canonical));
        }
    }

    @Example
    void shouldRefuseWhenNotOneHostAndOnePort() {
        for (final String endpoint : new String[] {
            "0.0.0.0:1",
            "[::]:1",
            "224.0.0.1:1",
            "239.255.0.1:1",
            "[ff02::1]:1",
            "255.255.255.255:1",
            "[::ffff:224.0.0.1]:1",
            "[::ffff:0.0.0.0]:1",
            "127.0.0.1:0",
            "127.0.0.1",
            "127.0.0.1:",
            "127.0.0.1:65536",
            "127.0.0.1:-1",
            "127.1:1",
            "256.0.0.1:1",
            "::1:1",
            "[127.0.0.1]:1",
            "localhost:1",
            "[fe80::1%eth0]:1",
            "127.0.0.1:1|session-id=7",
            "127.0.0.1:1?x",
            " 127.0.0.1:1",
        }) {
            assertNull(ReplyChannel.parse("aeron:udp?endpoint=" + endpoint), endpoint);
        }
        assertNotNull(ReplyChannel.parse("aeron:udp?endpoint=[::1]:1"));
        assertNull(ReplyChannel.parse("aeron:udp?interface=1.2.3.4|endpoint=1.2.3.4:1"));
        assertNull(ReplyChannel.parse("aeron:ipc?term-length=1g"));
    }
}
