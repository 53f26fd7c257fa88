import AgonTestFiles
import Foundation

/// What a call of a program gave.
struct AgonResult {
    let code: Int32
    let output: String
    let errors: String

    /// Runs a program to its end. What it says must fit the pipes' buffers.
    ///
    /// - Parameter environment: nil: that of this process.
    init(
        of program: URL, _ arguments: [String] = [], folder: String? = nil, environment: [String: String]? = nil
    ) throws {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
        if let environment { process.environment = environment }
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        code = process.terminationStatus
        self.output = String(decoding: text, as: UTF8.self)
        self.errors = String(decoding: complaint, as: UTF8.self)
    }
}

/// The built program, which is beside the tests.
let programPath = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path + "/agon"

/// Runs the built program as users run it.
func agon(_ arguments: String..., folder: String = projectFolder) throws -> AgonResult {
    try agon(arguments, folder: folder)
}

func agon(
    _ arguments: [String], folder: String = projectFolder, environment: [String: String]? = nil
) throws -> AgonResult {
    try AgonResult(
        of: URL(fileURLWithPath: programPath), arguments, folder: folder, environment: environment)
}
