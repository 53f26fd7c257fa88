import AgonText
import Foundation

/// The makefile of a sweep: a target for each trial, the stamp of its end, which depends on its config. So make runs
/// what is missing, failed or changed, and no more.
enum SweepMakefile {
    /// - Parameter program: the program that runs trials.
    static func text(for sweep: Sweep, program: String = SweepPaths.program) -> String {
        let ids = sweep.trials.map(\.id)
        return """
            # The trials of the sweep '\(sweep.configuration.name)'. Written by `agon sweep prepare`, which overwrites changes.
            #
            #   make -j2 -k                runs what is missing, failed or changed; Ctrl-C stops so that it can go on
            #   make trials/\(ids[0])/done   runs one trial
            #   make list                  prints the trials that are to be run
            #
            #   THREADS  of each trial, as many as asked; if empty, the cores are divided among the jobs
            #   AGON     the program, if not that which wrote this
            #   ACCEPT_CHANGED_DATA   if not empty, trials continue on data whose files have changed since

            THREADS ?=

            TRIALS = \\
            \(ids.map { "  \($0)" }.joined(separator: " \\\n"))

            .DEFAULT_GOAL := all
            .PHONY: all list
            all: $(TRIALS:%=trials/%/done)

            trials/%/done: trials/%/config.json
            \t@program=\(recipe(ShellText.quoted(program))); exec "$${AGON:-$$program}" sweep trial \
            --with-parent $(if $(THREADS),--threads $(THREADS)) \
            $(if $(ACCEPT_CHANGED_DATA),--accept-changed-data) trials/$*

            list:
            \t@for trial in $(TRIALS); do \\
            \t  test trials/$$trial/done -nt trials/$$trial/config.json || echo $$trial; \\
            \tdone

            """
    }

    /// Shell words as a recipe spells them: only the dollar is special to make.
    private static func recipe(_ words: String) -> String { words.replacing("$", with: "$$") }
}
