import AgonDiagnostics
import AgonExperiments
import ArgumentParser

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show an experiment's layers, parameters, FLOPs and planned memory.",
        discussion: """
            Builds and compiles everything as for a run, but does not train.

            EXAMPLES
              agon inspect Configs/selfgan/mlp.json
              agon inspect Configs/selfgan/dcgan.json --set batchSize=256 --json
              agon inspect Configs/gas/original.json --part discriminator
            """)

    @OptionGroup var config: ConfigOptions
    @Option(help: "Show only a forward pass of the generator or of the first discriminator.")
    var part: Part?
    @Flag(help: "Print JSON, sizes in bytes.")
    var json = false
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var data: DataOptions

    enum Part: String, ExpressibleByArgument, CaseIterable {
        case generator, discriminator
    }

    func run() throws {
        let experiment = try Experiment.load(path: config.path(), overrides: config.overrides)
        let inspection = try Inspection(experiment, searchPath: data.searchPath, threads: threads.count)
        guard let part else {
            print(json ? inspection.node.prettyText : inspection.text + "\n", terminator: "")
            return
        }
        let pass = part == .generator ? inspection.generatorPass : inspection.discriminatorPass
        print(json ? pass.node.prettyText : pass.text + "\n", terminator: "")
    }
}
