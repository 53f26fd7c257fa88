import AgonConfiguration
import AgonRuns
import AgonTensors
import ArgumentParser
import Foundation

@main
struct Agon: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agon",
        abstract: "Trains generative adversarial networks from JSON configs, on the CPU.",
        discussion: """
            EXAMPLES
              agon run Configs/selfgan/mlp.json      train; makes Runs/selfgan-mlp
              agon run Runs/selfgan-mlp --resume     continue an interrupted run
              agon inspect Configs/selfgan/mlp.json  layers, FLOPs and memory
              agon sample Runs/selfgan-mlp --count 64 --out samples.png
              agon report Runs/selfgan-mlp           write an HTML report
              agon export Runs/selfgan-mlp --onnx generator.onnx
              agon table gas --budget quick          compare with a paper's table
              agon sample quickstart --count 64      from a model that comes with Agon
              make install PREFIX=~/.local           with a manual page and completions
              agon --generate-completion-script zsh  completions alone, also bash, fish

            EXIT CODES
              0   done
              1   a check failed (agon verify, agon datasets verify)
              64  the command line is wrong
              65  a config, dataset or file is wrong
              70  training failed (the loss became NaN or infinite), or an internal error
              75  stopped; continue with --resume
            """,
        version: AgonVersion.current,
        subcommands: [
            RunCommand.self, InspectCommand.self, SampleCommand.self, SweepCommand.self, RunsCommand.self,
            TableCommand.self, ReportCommand.self, EvaluateCommand.self, ExportCommand.self, ModelsCommand.self,
            ConfigsCommand.self,
            ClassifierCommand.self,
            VerifyCommand.self, DatasetsCommand.self, BenchmarkCommand.self, DoctorCommand.self, SchemaCommand.self,
        ])

    static func main() {
        StandardStreams.fill()
        StandardStreams.checkOutputAtExit()
        MemoryShortage.handleTraps()
        // A file that exceeds the size limit (ulimit -f) is then a write error instead of a signal.
        signal(SIGXFSZ, SIG_IGN)
        EndingSignals.handle()
        var command: (any ParsableCommand)?
        do {
            try EnvironmentWords.check()
            try checkName()
            command = try parseAsRoot()
            try command?.run()
        } catch {
            ExitStatus.end(with: error, of: command, parsedBy: Self.self)
        }
    }

    /// Refuses a first word that names no command, before the parser complains about the words after it.
    ///
    /// Throws `ValidationError`.
    private static func checkName() throws {
        guard let name = CommandLine.arguments.dropFirst().first, !name.hasPrefix("-") else { return }
        let names = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
        guard !names.contains(name) else { return }
        let nearest = nearestName(to: name, in: names).map { ". Did you mean '\($0)'?" } ?? ""
        throw ValidationError("unknown command '\(name)'\(nearest)")
    }
}
