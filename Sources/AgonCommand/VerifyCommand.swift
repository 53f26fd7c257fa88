import AgonVerification
import ArgumentParser

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Replay recorded reference cases and compare the results.",
        discussion: """
            Each file GROUP/NAME.safetensors below the folder holds inputs and
            expected values of an operation, loss, optimizer or metric. A case passes
            when no tensor's relative error exceeds 1e-4. A case that Agon does not
            know fails. The exit code is 1 when any case failed.

            EXAMPLES
              agon verify Tests/Fixtures/golden
            """)

    @Argument(help: "The folder of recorded cases.", completion: .directory)
    var folder: String
    @OptionGroup var threads: ThreadOptions

    func validate() throws { try requireName(folder, "folder", example: "Tests/Fixtures/golden") }

    func run() throws {
        let verdicts = try Verification.run(folder: folder, threads: threads.count) { print($0) }
        let passed = verdicts.count { $0.isPassed }
        print("\(passed) passed, \(verdicts.count - passed) failed")
        if passed < verdicts.count { throw ExitCode(1) }
    }
}
