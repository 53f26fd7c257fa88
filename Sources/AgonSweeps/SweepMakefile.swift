import AgonText
import Foundation

/// The makefile of a sweep. The target of a trial is the stamp of its end, which depends on its config, so make runs
/// only trials that are missing, failed or changed.
///
/// Make compares only files' times, so a check of the data comes first: it marks the targets of completed trials whose
/// data have changed as out of date. It is a prerequisite of the makefile itself, because make makes that before it
/// looks at the times of other targets, and starts nothing if the check fails.
///
/// A trial whose folder was deleted has no config that its target could depend on. Its target is made anyway, and
/// `agon sweep trial` restores the config.
package enum SweepMakefile {
    /// The environment variable with the folder of datasets that trials search first. Unlike `AGON_DATA`, it has the
    /// standing of a folder that the user gave by `--data`.
    package static let dataVariable = "AGON_SWEEP_DATA"

    /// - Parameter program: the program that runs trials.
    static func text(for sweep: Sweep, program: String = SweepPaths.program) -> String {
        let ids = sweep.trials.map(\.id)
        return """
            # The trials of the sweep '\(sweep.configuration.name)'.
            # Written by `agon sweep prepare`, which overwrites changes.
            #
            #   make -j2 -k                runs trials that are missing, failed or changed; resumable after Ctrl-C
            #   make trials/\(ids[0])/done   runs one trial
            #   make list                  prints the trials that are still to run
            #
            #   THREADS  threads of each trial; if empty, the cores are divided among the jobs
            #   AGON     the agon program; if empty, the program that wrote this file
            #   ACCEPT_CHANGED_DATA   if not empty, trials continue even if their data files have changed
            #   CHECKED  if not empty, the data of completed trials have been checked already
            #   \(dataVariable)   a folder of datasets that trials search first

            THREADS ?=

            TRIALS = \\
            \(ids.map { "  \($0)" }.joined(separator: " \\\n"))

            .DEFAULT_GOAL := all
            .PHONY: all list check deleted
            Makefile: check ;

            check:
            \t@test -n "$(CHECKED)$(ACCEPT_CHANGED_DATA)" || { program=\(recipe(ShellText.quoted(program))); \
            "$${AGON:-$$program}" sweep check .; }

            all: $(TRIALS:%=trials/%/done)

            .SECONDEXPANSION:
            trials/%/done: $$(or $$(wildcard trials/$$*/config.json),deleted)
            \t@program=\(recipe(ShellText.quoted(program))); exec "$${AGON:-$$program}" sweep trial \
            --with-parent $(if $(THREADS),--threads $(THREADS)) \
            $(if $(ACCEPT_CHANGED_DATA),--accept-changed-data) trials/$*

            deleted: ;

            list:
            \t@for trial in $(TRIALS); do \\
            \t  test -e trials/$$trial/config.json && test trials/$$trial/done -nt trials/$$trial/config.json \\
            \t    || echo $$trial; \\
            \tdone

            """
    }

    /// Escapes shell words for a recipe; make treats only the dollar sign specially.
    private static func recipe(_ words: String) -> String { words.replacing("$", with: "$$") }
}
