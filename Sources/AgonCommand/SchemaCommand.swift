import AgonExperiments
import AgonReports
import AgonSweeps
import ArgumentParser

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of configs, or of sweep or table files.",
        discussion: """
            Editors use it to complete and check configs. Configs/schema.json,
            Configs/sweep-schema.json and Configs/table-schema.json are its outputs.

            EXAMPLES
              agon schema > Configs/schema.json
              agon schema --sweep > Configs/sweep-schema.json
              agon schema --table > Configs/table-schema.json
            """)

    @Flag(help: "The schema of sweep files.")
    var sweep = false
    @Flag(help: "The schema of table files.")
    var table = false

    func validate() throws {
        if sweep, table { throw ValidationError("--sweep and --table exclude each other") }
    }

    func run() throws {
        let schema =
            try sweep
            ? SweepConfiguration.schema() : table ? TableConfiguration.schema() : ExperimentConfiguration.schema()
        print(schema.prettyText, terminator: "")
    }
}
