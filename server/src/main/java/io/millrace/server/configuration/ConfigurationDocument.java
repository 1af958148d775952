package io.millrace.server.configuration;

/** Writes {@code docs/configuration.md} from the list of settings. <b>Threading:</b> pure. */
final class ConfigurationDocument {
    private ConfigurationDocument() {}

    /**
     * The whole document.
     *
     * @return Markdown.
     */
    static String render() {
        final StringBuilder out = new StringBuilder(4096);
        out.append("# Configuration\n\n");
        out.append("Generated from `Setting.java`; a test fails when this page and the code differ.\n\n");
        out.append(
                "`./millrace start` reads `millrace.toml` in the working directory when there is one, or the file named by\n");
        out.append(
                "`--config FILE`. `--data` and `--listen` stand for `node.data` and `listen.endpoint`; `--set KEY=VALUE` sets any\n");
        out.append(
                "other. The variable `MILLRACE__SECTION__KEY` of the environment stands for `section.key`, in capitals and with `_`\n");
        out.append(
                "for `-`: `MILLRACE__JOURNAL__ZONE_SIZE`. The command line wins over the environment, that over the file, the file over\n");
        out.append(
                "the default. Unknown names are errors. `./millrace config check` names all errors with their places,\n");
        out.append("`./millrace config show` each value with its origin.\n\n");
        out.append(
                "Sizes are whole numbers with `B`, `KiB`, `MiB`, `GiB` or `TiB`; times with `ns`, `us`, `ms`, `s`, `min` or `h`.\n\n");
        out.append("| setting | unit | default | range | why this default |\n|---|---|---|---|---|\n");
        for (final Setting setting : Setting.values()) {
            out.append("| `")
                    .append(setting.key())
                    .append("` | ")
                    .append(setting.kind().unit());
            out.append(" | ").append(setting.defaultText().isEmpty() ? "(empty)" : '`' + setting.defaultText() + '`');
            out.append(" | ")
                    .append(setting.range())
                    .append(" | ")
                    .append(setting.reason())
                    .append(" |\n");
        }
        out.append("\n## As a file\n\n```toml\n");
        String table = "";
        for (final Setting setting : Setting.values()) {
            if (!setting.key().contains(".")) {
                out.append(line(setting.key(), setting));
            }
        }
        for (final Setting setting : Setting.values()) {
            final int dot = setting.key().indexOf('.');
            if (dot >= 0) {
                final String own = setting.key().substring(0, dot);
                if (!own.equals(table)) {
                    table = own;
                    if (out.indexOf("\n[" + own + "]\n") >= 0) {
                        throw new IllegalStateException("the settings of [" + own + "] stand apart");
                    }
                    out.append("\n[").append(own).append("]\n");
                }
                out.append(line(setting.key().substring(dot + 1), setting));
            }
        }
        return out.append("```\n").toString();
    }

    private static String line(final String name, final Setting setting) {
        if (setting.kind() == Setting.Kind.PATHS || setting.kind() == Setting.Kind.ENDPOINTS) {
            return name + " = []\n";
        }
        final boolean bare = setting.kind() == Setting.Kind.COUNT;
        return name + " = " + (bare ? setting.defaultText() : '"' + setting.defaultText() + '"') + "\n";
    }
}
