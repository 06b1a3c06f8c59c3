#include <unistd.h>

#include <authplane/base/clock.h>
#include <authplane/base/random.h>

#include <iostream>
#include <string>
#include <vector>

#include "authserver/cli/app.h"

int main(int argc, char** argv) {
  using namespace authplane::authserver;
  Environment environment = Environment::from_process(environ);
  authplane::SystemClock clock;
  authplane::SystemRandom random;
  cli::Context context{environment, std::cin, std::cout, std::cerr, clock, random};
  return cli::run(std::vector<std::string>(argv + 1, argv + argc), context);
}
