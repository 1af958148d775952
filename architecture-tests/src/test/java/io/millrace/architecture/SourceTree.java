package io.millrace.architecture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * The checked-out repository: all its files but what builds and tools leave there.
 *
 * <p><b>Threading</b>: immutable.
 */
final class SourceTree {
    private static final Set<String> IGNORED_DIRECTORIES = Set.of(".git", "target", ".idea", ".vscode");

    private SourceTree() {}

    /**
     * Returns the folder that holds the parent pom.
     *
     * @return absolute path
     */
    static Path root() {
        return Path.of(Objects.requireNonNull(System.getProperty("millrace.root"), "-Dmillrace.root"))
                .toAbsolutePath()
                .normalize();
    }

    /**
     * Lists the files.
     *
     * @param nameEnd suffix of the file names, empty for all
     * @return absolute paths, sorted
     */
    static List<Path> files(final String nameEnd) {
        final List<Path> files = new ArrayList<>();
        try {
            Files.walkFileTree(root(), new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(final Path directory, final BasicFileAttributes attributes) {
                    final Path name = directory.getFileName();
                    return name != null && IGNORED_DIRECTORIES.contains(name.toString())
                            ? FileVisitResult.SKIP_SUBTREE
                            : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(final Path file, final BasicFileAttributes attributes) {
                    // In a worktree .git is a file, not a folder.
                    if (file.toString().endsWith(nameEnd) && !file.endsWith(".git")) {
                        files.add(file);
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        Collections.sort(files);
        return files;
    }

    /**
     * Reads a file.
     *
     * @param file path
     * @return its text, empty when it is not UTF-8
     */
    static String text(final Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (final CharacterCodingException e) {
            return "";
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Names a file in messages.
     *
     * @param file absolute path
     * @return relative to the root
     */
    static String name(final Path file) {
        return root().relativize(file).toString();
    }
}
