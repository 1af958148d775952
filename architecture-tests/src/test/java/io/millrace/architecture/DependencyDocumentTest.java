package io.millrace.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** docs/dependencies.md against the poms, in both directions. */
@Timeout(60)
final class DependencyDocumentTest {
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([^`:]+:[^`]+)` \\| ([^|]+) \\|.*$");
    private static final Pattern PROPERTY = Pattern.compile("\\$\\{([^}]+)}");
    /** Formatter of spotless: a configuration of that plugin, no dependency element. */
    private static final String FORMATTER = "com.palantir.javaformat:palantir-java-format";

    @Test
    void shouldStandInTheListWithItsVersionWhenAPomNamesADependency() throws Exception {
        final Map<String, String> listed = listed();
        final List<String> wrong = new ArrayList<>();
        inPoms().forEach((name, version) -> {
            if (!listed.containsKey(name)) {
                wrong.add(name + ":" + version + " is missing");
            } else if (!version.isEmpty() && !version.equals(listed.get(name))) {
                wrong.add(name + " is " + version + " in a pom, " + listed.get(name) + " in the list");
            }
        });
        assertEquals(List.of(), wrong, "docs/dependencies.md");
    }

    @Test
    void shouldStandInAPomWhenTheListNamesADependency() throws Exception {
        final Set<String> unknown = new TreeSet<>(listed().keySet());
        unknown.removeAll(inPoms().keySet());
        assertEquals(Set.of(), unknown, "docs/dependencies.md names what no pom does");
    }

    private static Map<String, String> listed() {
        final Map<String, String> listed = new TreeMap<>();
        final Matcher row = ROW.matcher(SourceTree.text(SourceTree.root().resolve("docs/dependencies.md")));
        while (row.find()) {
            listed.put(row.group(1), row.group(2).strip());
        }
        assertTrue(listed.size() > 10, "docs/dependencies.md has no table of dependencies");
        return listed;
    }

    private static Map<String, String> inPoms() throws Exception {
        final Document parent = parse(SourceTree.root().resolve("pom.xml"));
        final Element properties =
                (Element) parent.getElementsByTagName("properties").item(0);
        final Map<String, String> found = new TreeMap<>();
        for (final Path pom : SourceTree.files("pom.xml")) {
            final Document document = parse(pom);
            for (final String tag : List.of("dependency", "plugin", "path")) {
                final NodeList elements = document.getElementsByTagName(tag);
                for (int i = 0; i < elements.getLength(); i++) {
                    final Element element = (Element) elements.item(i);
                    final String group = child(element, "groupId");
                    if (!group.isEmpty() && !group.equals("io.millrace")) {
                        final String version = resolve(child(element, "version"), properties);
                        found.merge(group + ":" + child(element, "artifactId"), version, DependencyDocumentTest::known);
                    }
                }
            }
        }
        found.put(FORMATTER, resolve("${palantir.version}", properties));
        return found;
    }

    private static String known(final String first, final String second) {
        return first.isEmpty() ? second : first;
    }

    private static Document parse(final Path pom) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(pom.toFile());
    }

    private static String resolve(final String version, final Element properties) {
        final Matcher property = PROPERTY.matcher(version);
        return property.matches() ? child(properties, property.group(1)) : version;
    }

    private static String child(final Element element, final String tag) {
        for (Node node = element.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node.getNodeName().equals(tag)) {
                return node.getTextContent().strip();
            }
        }
        return "";
    }
}
