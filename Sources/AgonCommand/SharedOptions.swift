import AgonDatasets
import AgonTensors
import ArgumentParser

/// The config and what goes over it.
struct ConfigOptions: ParsableArguments {
    @Argument(help: "The config, a JSON file; or the folder of a run.", completion: .file())
    var config: String

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("Set one value of the config; may be given several times.", valueName: "path=value"))
    var overrides: [String] = []
}

struct ThreadOptions: ParsableArguments {
    @Option(help: "Threads that compute; results do not depend on them. All usable cores if not given.")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads \(threads): expected a number from 1 to 1024")
        }
    }

    var count: Int { threads ?? Processor.current.usableCores }
}

struct DataOptions: ParsableArguments {
    @Option(help: "A folder of datasets to look in first.", completion: .directory)
    var data: String?

    var searchPath: DataSearchPath { .standard(dataFolder: data) }
}
