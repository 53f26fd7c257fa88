import AgonDiagnostics
import ArgumentParser

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Show what this machine computes with, how fast, and what is off.",
        discussion: """
            Processor, vector features, BLAS with version and core type, threads,
            memory, and the measured GFLOP/s of one and of all threads. Each warning
            comes with its remedy.

            EXAMPLES
              agon doctor
              agon doctor --json
            """)

    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var threads: ThreadOptions

    func run() throws {
        let diagnosis = Doctor.examine(threads: threads.threads)
        print(json ? diagnosis.node.prettyText : diagnosis.text)
    }
}
