package io.millrace.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Documents that drift: folders, links, paths of one machine, the list of dependencies. */
@Timeout(60)
final class DocumentationTest {
    private static final Pattern LINK = Pattern.compile("!?\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
    private static final Pattern CODE = Pattern.compile("(?s)```.*?```|`[^`\n]*`");
    private static final Pattern MACHINE_PATH = Pattern.compile("(?<![\\w.})\\]-])/(?:work|root|home)/");

    @Test
    void shouldStandInTheArchitectureWhenAFolderIsAModule() throws Exception {
        final String architecture = SourceTree.text(SourceTree.root().resolve("ARCHITECTURE.md"));
        final List<String> missing = new ArrayList<>();
        try (var folders = Files.newDirectoryStream(SourceTree.root(), Files::isDirectory)) {
            for (final Path folder : folders) {
                final String name = SourceTree.name(folder);
                if (Files.exists(folder.resolve("pom.xml"))
                        && !architecture.contains("[`" + name + "/`](" + name + ")")) {
                    missing.add(name);
                }
            }
        }
        assertEquals(List.of(), missing, "folders with a pom that ARCHITECTURE.md does not name");
    }

    @Test
    void shouldLeadToAFileWhenALinkIsRelative() {
        final List<String> broken = new ArrayList<>();
        for (final Path file : SourceTree.files(".md")) {
            final Matcher link = LINK.matcher(withoutCode(SourceTree.text(file)));
            while (link.find()) {
                final String target = link.group(1);
                if (!target.contains("://") && !target.startsWith("mailto:") && !resolves(file, target)) {
                    broken.add(SourceTree.name(file) + " → " + target);
                }
            }
        }
        assertEquals(List.of(), broken, "links that lead nowhere");
    }

    /** A link's text may be code; what stands in code is no link. */
    private static String withoutCode(final String text) {
        return CODE.matcher(text).replaceAll("code");
    }

    private static boolean resolves(final Path file, final String target) {
        final int hash = target.indexOf('#');
        final String path = hash < 0 ? target : target.substring(0, hash);
        final Path document = path.isEmpty() ? file : file.resolveSibling(path).normalize();
        if (!document.startsWith(SourceTree.root()) || !Files.exists(document)) {
            return false;
        }
        return hash < 0
                || !document.toString().endsWith(".md")
                || anchors(document).contains(target.substring(hash + 1));
    }

    private static List<String> anchors(final Path document) {
        final List<String> anchors = new ArrayList<>();
        final Matcher heading = Pattern.compile("(?m)^#{1,6} +(.+?)\\s*$").matcher(SourceTree.text(document));
        while (heading.find()) {
            anchors.add(heading.group(1)
                    .toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N} _-]", "")
                    .replace(' ', '-'));
        }
        return anchors;
    }

    @Test
    void shouldNameNoDirectoryOfADeveloperWhenAFileIsText() {
        final List<String> found = new ArrayList<>();
        for (final Path file : SourceTree.files("")) {
            final String[] lines = SourceTree.text(file).split("\n", -1);
            for (int i = 0; i < lines.length; i++) {
                if (MACHINE_PATH.matcher(lines[i]).find()) {
                    found.add(SourceTree.name(file) + ":" + (i + 1));
                }
            }
        }
        assertEquals(List.of(), found, "absolute paths of one machine");
    }

    @Test
    void shouldFindFilesWhenTheTreeIsWalked() {
        assertTrue(SourceTree.files(".md").size() > 5, "a check over no file holds nothing");
    }
}
