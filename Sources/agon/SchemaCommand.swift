import ArgumentParser
import Experiments

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of configs, or of sweep files.",
        discussion: """
            Editors complete and check configs with it. Configs/schema.json and
            Configs/sweep-schema.json are these texts.

            EXAMPLES
              agon schema > Configs/schema.json
              agon schema --sweep > Configs/sweep-schema.json
            """)

    @Flag(help: "The schema of sweep files.")
    var sweep = false

    func run() throws {
        let schema = try sweep ? SweepConfiguration.schema() : ExperimentConfiguration.schema()
        print(schema.prettyText, terminator: "")
    }
}
