package io.millrace.control.consensus;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.util.List;
import java.util.TreeSet;

/**
 * Where the members of a control plane's group are reached. Each has a base endpoint {@code host:port} and uses five
 * ports from there on:
 *
 * <pre>
 *   port      sessions of nodes come in
 *   port + 1  consensus: elections, positions
 *   port + 2  the log from the leader
 *   port + 3  the log for a member that catches up
 *   port + 4  the archive
 * </pre>
 *
 * <p><b>Threading:</b> immutable.
 */
public final class GroupAddresses {
    /** Ports that a member uses, from its base port on. */
    public static final int PORT_COUNT = 5;

    /** Most members of a group. */
    public static final int MAX_MEMBERS = 7;

    private static final int MAX_PORT = 65_535;

    private final List<String> hosts;
    private final List<Integer> ports;

    /**
     * Reads base endpoints.
     *
     * @param members {@code host:port} of each member, by its index.
     * @throws MillraceException when one is no endpoint, two overlap, or there are none or too many.
     */
    public GroupAddresses(final List<String> members) {
        if (members.isEmpty() || members.size() > MAX_MEMBERS) {
            throw invalid(members.size() + " members of the control plane, allowed are 1 to " + MAX_MEMBERS);
        }
        hosts = members.stream().map(GroupAddresses::hostOf).toList();
        ports = members.stream().map(GroupAddresses::portOf).toList();
        for (int i = 0; i < members.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (hosts.get(i).equals(hosts.get(j)) && Math.abs(ports.get(i) - ports.get(j)) < PORT_COUNT) {
                    throw invalid("the members " + members.get(j) + " and " + members.get(i)
                            + " of the control plane share ports: each uses " + PORT_COUNT + " from its own on");
                }
            }
        }
    }

    /** Returns the number of members. */
    public int count() {
        return hosts.size();
    }

    /**
     * Returns a member's host.
     *
     * @param member index.
     * @return name or address, as configured.
     */
    public String host(final int member) {
        return hosts.get(member);
    }

    /**
     * Returns where a member's archive is controlled.
     *
     * @param member index.
     * @return host:port.
     */
    String archiveEndpoint(final int member) {
        return endpoint(member, PORT_COUNT - 1);
    }

    /** Returns the members as the consensus module takes them. */
    String clusterMembers() {
        final StringBuilder text = new StringBuilder();
        for (int member = 0; member < count(); member++) {
            text.append(member == 0 ? "" : "|").append(member);
            for (int port = 0; port < PORT_COUNT; port++) {
                text.append(',').append(endpoint(member, port));
            }
        }
        return text.toString();
    }

    /** Returns where sessions come in, as clients of the group take it. */
    String ingressEndpoints() {
        final StringBuilder text = new StringBuilder();
        for (int member = 0; member < count(); member++) {
            text.append(member == 0 ? "" : ",").append(member).append('=').append(endpoint(member, 0));
        }
        return text.toString();
    }

    /** Returns the hosts without repetition, for messages to people. */
    @Override
    public String toString() {
        return new TreeSet<>(hosts) + " " + ports;
    }

    private String endpoint(final int member, final int port) {
        return hosts.get(member) + ':' + (ports.get(member) + port);
    }

    private static String hostOf(final String member) {
        final int colon = member.lastIndexOf(':');
        if (colon < 1) {
            throw invalid("'" + member + "' as a member of the control plane is no host:port");
        }
        return member.substring(0, colon);
    }

    private static int portOf(final String member) {
        final String text = member.substring(member.lastIndexOf(':') + 1);
        int port = 0;
        for (int i = 0; i < text.length() && port <= MAX_PORT; i++) {
            final int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                throw invalid("'" + member + "' as a member of the control plane is no host:port");
            }
            port = port * 10 + digit;
        }
        if (port < 1 || port > MAX_PORT + 1 - PORT_COUNT) {
            throw invalid("the port of '" + member + "' is not from 1 to " + (MAX_PORT + 1 - PORT_COUNT)
                    + ": a member of the control plane uses " + PORT_COUNT + " from there on");
        }
        return port;
    }

    private static MillraceException invalid(final String what) {
        return new MillraceException(ErrorCode.CONFIGURATION_VALUE, what);
    }
}
