import Base
import Linux

extension Program {
    func writePasswdHelp() {
        let text: StaticString = """
            swiftlet passwd, or a link named mosquitto_passwd: makes and edits password files

            usage: swiftlet passwd [-c] FILE USER           give USER a password; with -c in a file with nobody else
                   swiftlet passwd [-c] -b FILE USER PASSWORD
                                                            the same; whoever lists processes sees the PASSWORD
                   swiftlet passwd -D FILE USER             remove USER
                   swiftlet passwd -U FILE                  hash all passwords that are plain text
            options: -H sha512-pbkdf2  hash as mosquitto 2 does (default)
                     -H sha512         hash as mosquitto 1.6 does
                     -I NUMBER         rounds of sha512-pbkdf2, 1 to 100000, default 101

            The password is asked for twice where there is a terminal; otherwise it is the first line of standard input:
                swiftlet passwd FILE USER < PASSWORD-FILE
                printenv PASSWORD | swiftlet passwd FILE USER
            FILE is replaced by a whole new one, with the same mode and owner, or stays as it was; a new one is for its
            owner alone. A broker reads it again on HUP.

            """
        System.write(ByteView(text), to: .output)
    }
}
