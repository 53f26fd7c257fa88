import AgonTestFiles
import Foundation

/// What a call of the built program gave.
struct AgonResult {
    let code: Int32
    let output: String
    let errors: String
}

/// Runs the built program as users run it.
func agon(_ arguments: String..., folder: String = projectFolder) throws -> AgonResult {
    try agon(arguments, folder: folder)
}

func agon(_ arguments: [String], folder: String = projectFolder) throws -> AgonResult {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("agon")
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    // What the program says fits the pipes' buffers.
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return AgonResult(
        code: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
        errors: String(decoding: complaint, as: UTF8.self))
}
