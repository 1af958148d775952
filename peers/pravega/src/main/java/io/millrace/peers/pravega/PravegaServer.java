package io.millrace.peers.pravega;

import io.millrace.codec.AllowedHere;
import io.millrace.perf.process.ParentWatch;
import io.pravega.local.InProcPravegaCluster;
import io.pravega.segmentstore.storage.impl.bookkeeper.ZooKeeperServiceRunner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.apache.bookkeeper.client.BookKeeperAdmin;
import org.apache.bookkeeper.common.component.LifecycleComponentStack;
import org.apache.bookkeeper.conf.ServerConfiguration;
import org.apache.bookkeeper.server.Main;
import org.apache.bookkeeper.server.conf.BookieConfiguration;

/**
 * Pravega's servers in one JVM: ZooKeeper, one real bookie whose journal is synced before it acknowledges, a
 * controller, a segment store with one container, long-term storage in a local directory. What a durable event costs is
 * the bookie's journal, as in a cluster with one copy.
 *
 * <p>Arguments: directory, and the ports of ZooKeeper, bookie, controller, segment store, REST (not served) and
 * administration (not served). The controller knows no way to listen on loopback alone; all others do.
 *
 * <p><b>Threading:</b> Pravega's own; the main thread waits.
 */
public final class PravegaServer {
    /** Printed when everything was started. */
    static final String READY = "pravega serves";

    private static final String LEDGERS = "/ledgers";

    private PravegaServer() {}

    /**
     * Runs until the process is ended.
     *
     * @param arguments directory and six ports.
     * @throws Exception when one of the servers does not start.
     */
    @AllowedHere("says that it is ready, on its standard output")
    public static void main(final String[] arguments) throws Exception {
        ParentWatch.begin();
        final Path directory = Path.of(arguments[0]);
        final int zooKeeperPort = Integer.parseInt(arguments[1]);
        final ZooKeeperServiceRunner zooKeeper = new ZooKeeperServiceRunner(zooKeeperPort, false, "", "", "");
        zooKeeper.initialize();
        zooKeeper.start();
        startBookie(directory, zooKeeperPort, Integer.parseInt(arguments[2]));
        final Path longTerm = Files.createDirectories(directory.resolve("long-term"));
        System.setProperty("pravegaservice.service.listener.host.nameOrIp", "127.0.0.1");
        System.setProperty("pravegaservice.storage.impl.name", "FILESYSTEM");
        System.setProperty("filesystem.root", longTerm.toString());
        System.setProperty("pravegaservice.dataLog.impl.name", "BOOKKEEPER");
        System.setProperty("bookkeeper.zk.connect.uri", "localhost:" + zooKeeperPort);
        System.setProperty("bookkeeper.ledger.path", LEDGERS);
        System.setProperty("bookkeeper.ensemble.size", "1");
        System.setProperty("bookkeeper.write.quorum.size", "1");
        System.setProperty("bookkeeper.ack.quorum.size", "1");
        startCluster(arguments, zooKeeperPort);
        System.out.println(READY);
        new CountDownLatch(1).await();
    }

    private static void startBookie(final Path directory, final int zooKeeperPort, final int port) throws Exception {
        final ServerConfiguration settings = new ServerConfiguration();
        settings.setAdvertisedAddress("127.0.0.1");
        settings.setListeningInterface("lo");
        settings.setAllowLoopback(true);
        settings.setBookiePort(port);
        settings.setMetadataServiceUri("zk+hierarchical://127.0.0.1:" + zooKeeperPort + LEDGERS);
        settings.setJournalDirName(
                Files.createDirectories(directory.resolve("journal")).toString());
        settings.setLedgerDirNames(new String[] {
            Files.createDirectories(directory.resolve("ledgers")).toString()
        });
        // Both are BookKeeper's defaults: sync before the answer, many entries with one sync.
        settings.setJournalSyncData(true);
        settings.setJournalAdaptiveGroupWrites(true);
        if (!BookKeeperAdmin.initNewCluster(settings)) {
            throw new IllegalStateException("the bookie's cluster could not be initialized");
        }
        final LifecycleComponentStack bookie = Main.buildBookieServer(new BookieConfiguration(settings));
        bookie.start();
    }

    private static void startCluster(final String[] arguments, final int zooKeeperPort) throws Exception {
        final InProcPravegaCluster cluster = InProcPravegaCluster.builder()
                .isInProcZK(false)
                .zkUrl("localhost:" + zooKeeperPort)
                .zkPort(zooKeeperPort)
                // The properties set above win over what this would choose: a real log, a real long-term storage.
                .isInMemStorage(true)
                .isInProcController(true)
                .controllerCount(1)
                .isInProcSegmentStore(true)
                .segmentStoreCount(1)
                .containerCount(1)
                .restServerPort(Integer.parseInt(arguments[5]))
                .enableRestServer(false)
                .enableAuth(false)
                .enableTls(false)
                .certFile("")
                .keyFile("")
                .jksKeyFile("")
                .jksTrustFile("")
                .keyPasswordFile("")
                .passwdFile("")
                .userName("")
                .passwd("")
                .enableMetrics(false)
                .metricsReportInterval(60)
                .enableAdminGateway(false)
                .adminGatewayPort(Integer.parseInt(arguments[6]))
                .replyWithStackTraceOnError(true)
                .build();
        cluster.setControllerPorts(new int[] {Integer.parseInt(arguments[3])});
        cluster.setSegmentStorePorts(new int[] {Integer.parseInt(arguments[4])});
        cluster.start();
    }
}
